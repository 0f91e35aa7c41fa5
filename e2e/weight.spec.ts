import { gzipSync } from "node:zlib";
import { expect, test } from "./test.ts";

/** What a browser must load before the first page shows, charts and editor left out: they come when needed. */
const LIMIT = 300_000;

test("the first page is light", async ({ request }) => {
  const html = await (await request.get("/")).text();
  const scripts = [...html.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path]) => path as string);
  expect(scripts.length).toBeGreaterThan(1);
  const sizes = await Promise.all(
    scripts.map(async (path) => gzipSync(await (await request.get(path)).body()).byteLength),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LIMIT);
});
