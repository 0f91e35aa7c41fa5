import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockOf } from "../../core/block.ts";
import type { Message } from "../../core/message.ts";
import { parse } from "../../query/parse.ts";
import { openPlatform, type Platform, type PlatformOptions } from "../platform.ts";

/** A data folder and platforms over it, for tests. */
export type TestPlatforms = Disposable & {
  readonly folder: string;
  readonly data: string;
  open(more?: Pick<PlatformOptions, "secretsFrom" | "trials">): Promise<Platform>;
};

const JSON_SENSOR = "sensor: web\nparser: { jsonMap: {} }\n";

/** A start of a worker costs half a second of a core: two are for tests in which more than one matters. */
const ONE_WORKER = "workers: 1\nseal: { seconds: 1 }\n";
export const TWO_WORKERS = "workers: 2\nseal: { seconds: 1 }\n";

/** Prepares a folder whose new platforms have the given sensors, by default one of JSON called `web`. */
export function testPlatforms({
  global = ONE_WORKER,
  sensors = { web: JSON_SENSOR },
  folder = mkdtempSync(join(tmpdir(), "metron-platform-")),
  upkeepEvery,
}: {
  global?: string;
  sensors?: Readonly<Record<string, string>>;
  folder?: string;
  upkeepEvery?: number;
} = {}): TestPlatforms {
  const defaults = join(folder, "defaults");
  mkdirSync(join(defaults, "sensors"), { recursive: true });
  writeFileSync(join(defaults, "metron.yaml"), global);
  for (const [name, text] of Object.entries(sensors))
    writeFileSync(join(defaults, "sensors", `${name}.yaml`), text);
  const data = join(folder, "data");
  return {
    folder,
    data,
    open: (more = {}) =>
      openPlatform({
        ...{ data, defaults, sources: false, ...more },
        ...(upkeepEvery === undefined ? {} : { upkeepEvery }),
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Makes records durable. */
export async function send(
  platform: Platform,
  records: readonly (string | Uint8Array)[],
  sensor = "web",
): Promise<void> {
  await platform.ingest(sensor, blockOf(records, Date.now()));
}

/** Every message of a sensor that matches, by whatever number of pages. */
export async function found(
  platform: Platform,
  query = "",
  sensor = "web",
  fields?: readonly string[],
): Promise<Message[]> {
  const messages: Message[] = [];
  let cursor: string | undefined;
  do {
    const page = await platform.index.search({
      query: parse(query),
      sensors: [sensor],
      size: 10_000,
      cursor,
      fields,
      total: false,
    });
    messages.push(...page.messages);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return messages;
}

/** The numbers that messages carry in `n`, in order. */
export async function numbers(platform: Platform, sensor = "web"): Promise<number[]> {
  const messages = await found(platform, "_exists_:n", sensor, ["n"]);
  return messages.map(({ n }) => Number(n)).sort((one, other) => one - other);
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
