import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { build } from "vite";

/** Texts thrown at the language; `STELLAR_FUZZ=1000000` looks longer. */
const RUNS = Number(process.env.STELLAR_FUZZ ?? 4000);
/** Milliseconds within which the budget of an evaluation must have ended it, on a busy machine. */
const MOST = 10_000;

async function script(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, "stellar-fuzz-page.ts"), formats: ["iife"], name: "page" },
    },
  });
  const [bundle] = [built].flat();
  if (bundle === undefined || !("output" in bundle)) throw new Error("the bundle of the fuzz is missing");
  return bundle.output[0].code;
}

test("in a browser too, no text hangs the language or gets out of it", async ({ page }) => {
  test.setTimeout(60_000 + RUNS * 20);
  const wrong: string[] = [];
  page.on("request", (request) => wrong.push(`asked for ${request.url()}`));
  page.on("dialog", (dialog) => wrong.push(`said ${dialog.message()}`));
  page.on("pageerror", (error) => wrong.push(error.message));
  await page.addScriptTag({ content: await script() });
  const seed = Date.now() % 2 ** 31;
  const outcome = await page.evaluate(([runs, from]) => globalThis.fuzz(runs, from), [RUNS, seed] as const);
  expect(outcome.escapes, `seed ${seed}`).toEqual([]);
  expect(wrong, `seed ${seed}`).toEqual([]);
  expect(outcome.runs).toBe(RUNS);
  expect(outcome.values).toBeGreaterThan(RUNS / 100);
  expect(outcome.slowest, outcome.slowestText).toBeLessThan(MOST);
});
