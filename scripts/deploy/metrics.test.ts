import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { openTestServer, type TestServer } from "../../src/server/testing/platform-server.ts";
import { DEPLOY, hasTool, run } from "./tools.ts";

/** A rule on a number that does not exist never fires: those of rules and board are held against a platform that runs. */

const read = (...path: string[]) => readFileSync(join(DEPLOY, ...path), "utf8");
const hasPromtool = hasTool("promtool");
let server: TestServer;
/** The names that it exposes, and the values of each label of each. */
const names = new Set<string>();
const labels = new Map<string, Map<string, Set<string>>>();

beforeAll(async () => {
  server = await openTestServer({ global: "workers: 1\nfunctions: [lost.mjs]\n" });
  await server.send("POST", "/ingest/web", { text: '{"n":1}\nnonsense\n' });
  await server.platform.caughtUp();
  const text = () => server.platform.metricsText();
  while (!(await text()).includes("metron_partition_owner_since_timestamp_seconds{")) await pause(50);
  for (const line of (await text()).split("\n")) {
    const [, family, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    for (const suffix of family === undefined ? [] : suffixes) names.add(`${family}${suffix}`);
    const [, name = "", pairs = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    for (const [, label = "", value = ""] of pairs.matchAll(/(\w+)="([^"]*)"/g)) {
      const known = labels.get(name) ?? new Map<string, Set<string>>();
      labels.set(name, known.set(label, (known.get(label) ?? new Set()).add(value)));
    }
  }
});
afterAll(() => server[Symbol.asyncDispose]());

type Rules = { groups: { rules: { alert: string; expr: string }[] }[] };
type Board = {
  panels: { title: string; targets: { expr: string }[] }[];
  templating: { list: { definition?: string }[] };
};

function expressions(): { of: string; text: string }[] {
  const { groups } = parse(read("prometheus", "metron.rules.yaml")) as Rules;
  const { panels, templating } = JSON.parse(read("grafana", "metron.json")) as Board;
  return [
    ...groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ of: alert, text: expr }))),
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ of: title, text: expr }))),
    ...templating.list.flatMap(({ definition: text }) =>
      text === undefined ? [] : [{ of: "variable", text }],
    ),
  ];
}

/** Labels that Prometheus adds to what it reads. */
const ADDED = new Set(["instance", "job"]);

test("rules and board ask for numbers and labels that a platform has", () => {
  const missing = expressions().flatMap(({ of, text }) =>
    [...text.matchAll(/\b(metron_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name = "", matchers = ""]) => {
      if (!names.has(name)) return [`${of}: ${name}`];
      const known = labels.get(name);
      return [...matchers.matchAll(/(\w+)\s*(=~?|!=)\s*"([^"]*)"/g)].flatMap(
        ([, label = "", sign, value = ""]) => {
          if (ADDED.has(label)) return [];
          if (known === undefined) return sign === "=" ? [`${of}: ${name} has no sample`] : [];
          const values = known.get(label);
          const isKnown = values !== undefined && (sign !== "=" || values.has(value));
          return isKnown ? [] : [`${of}: ${name}{${label}="${value}"}`];
        },
      );
    }),
  );
  expect(missing).toEqual([]);
  expect(expressions().length).toBeGreaterThan(30);
});

test("what is grouped by is a label of what is grouped", () => {
  const missing = expressions().flatMap(({ of, text }) =>
    [...text.matchAll(/\bby \(([^)]*)\) \((?:\w+\()?(metron_\w+)/g)].flatMap(([, by = "", name = ""]) =>
      by
        .split(", ")
        .filter((label) => !ADDED.has(label) && labels.has(name) && !labels.get(name)?.has(label))
        .map((label) => `${of}: ${name} by ${label}`),
    ),
  );
  expect(missing).toEqual([]);
});

test.skipIf(!hasPromtool)(
  "Prometheus reads what a platform exposes, and the expressions of the board",
  async () => {
    const exposed = join(server.data, "metrics.txt");
    writeFileSync(exposed, await server.platform.metricsText());
    expect(await run("sh", ["-c", 'promtool check metrics <"$0"', exposed])).toEqual({ code: 0, output: "" });
    const rules = expressions()
      .filter(({ of }) => of !== "variable")
      .map(({ text }, n) => ({ record: `board:${n}`, expr: text.replaceAll("$__rate_interval", "5m") }));
    const file = join(server.data, "board.yaml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "board", rules }] }));
    expect(await run("promtool", ["check", "rules", file])).toMatchObject({ code: 0 });
  },
);

test("the program that images ask with says whether a platform is ready, and why not", async () => {
  const ask = (question: string, port: string) =>
    run(process.execPath, ["health.mjs", question, port], DEPLOY);
  const { port } = new URL(server.url);
  expect(await ask("live", port)).toEqual({ code: 0, output: "" });
  expect(await ask("ready", port)).toMatchObject({ code: 1, output: expect.stringContaining("lost.mjs") });
  await server.platform.publish([{ kind: "global", name: "global", text: "workers: 1\n" }], {
    author: "me",
    at: 1,
  });
  expect(await ask("ready", port)).toEqual({ code: 0, output: "" });
  expect(await ask("live", "1")).toMatchObject({ code: 1, output: expect.stringContaining("asking http") });
});
