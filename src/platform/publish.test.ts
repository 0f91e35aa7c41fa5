import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testPlatforms } from "./testing/test-platform.ts";

/** How often each thread of a process called a function, the main thread first: V8 counts where nobody else can look. */
function callsByThread(folder: string): { calls(file: string, name: string): number }[] {
  const threads = readdirSync(folder).map((file) => {
    // coverage-PROCESS-TIME-THREAD.json
    const thread = Number(/-(\d+)\.json$/.exec(file)?.[1]);
    const { result } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Coverage;
    return { thread, result };
  });
  return threads
    .sort((one, other) => one.thread - other.thread)
    .map(({ result }) => ({
      calls: (file, name) => {
        const functions = result.find(({ url }) => url.endsWith(file))?.functions ?? [];
        const found = functions.find(({ functionName }) => functionName === name);
        return found?.ranges[0]?.count ?? 0;
      },
    }));
}

type Coverage = {
  result: { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[];
};

test("each thread reads a published document once, and each worker opens the stages of the sensors it concerns", {
  timeout: 60_000,
}, async () => {
  const document = (name: string, more = "") => `sensor: ${name}\nparser: { jsonMap: {} }\n${more}`;
  const names = ["one", "two", "three", "four"];
  using platforms = testPlatforms({
    global: "workers: 2\n",
    sensors: Object.fromEntries(names.map((name) => [name, document(name)])),
  });
  const script = join(import.meta.dirname, "testing", "publish-child.ts");
  const changes = [
    { kind: "sensor", name: "two", text: document("two", "transforms: [ { RENAME: { n: m } } ]\n") },
    { kind: "global", name: "global", text: "workers: 2\nglobal: { changed: true }\n" },
  ];
  const coverage = join(platforms.folder, "coverage");
  const child = spawn(
    process.execPath,
    [script, platforms.data, join(platforms.folder, "defaults"), JSON.stringify(changes), ...names],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, NODE_V8_COVERAGE: coverage } },
  );
  expect(await once(child, "exit")).toEqual([0, null]);

  const threads = callsByThread(coverage).map(({ calls }) => ({
    documents: calls("config/yaml.ts", "readYaml"),
    opened: calls("pipeline/stages.ts", "openStages"),
  }));
  const [main, ...others] = threads;
  const workers = others.filter(({ opened }) => opened > 0);
  // At the start the global document, those of the sensors and that of the error records; then what was published.
  const documents = 1 + names.length + 1 + changes.length;
  // What runs with the global document is every sensor.
  const opened = 1 + names.length;
  expect(main).toEqual({ documents, opened });
  expect(workers).toEqual(new Array(2).fill({ documents, opened: names.length + opened }));
});
