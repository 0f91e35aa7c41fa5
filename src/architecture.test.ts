import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/**
 * Who may import whom (docs/architecture.md draws it). A folder without a line fails; so does an import that points
 * up or sideways. Tests are exempt: they may assemble anything.
 */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  // What values mean and the one form they are compared in; the readers of addresses are core's.
  schema: ["core"],
  // What of Java's library the users of the original can see.
  java: ["core"],
  query: ["core", "schema"],
  stellar: ["core", "schema", "java"],
  storage: ["core", "schema", "query", "pcap"],
  // What addresses and networks are by value is of the schema.
  pcap: ["core", "schema"],
  // A source tells a capture from records by the first bytes; records of a topic of packets become a capture.
  sources: ["core", "schema", "java", "stellar", "storage", "pcap"],
  parsers: ["core", "schema", "java", "stellar", "storage"],
  transforms: ["core", "schema", "java", "stellar", "storage"],
  enrichments: ["core", "schema", "java", "stellar", "storage"],
  triage: ["core", "schema", "java", "stellar", "storage"],
  profiles: ["core", "schema", "java", "stellar", "storage"],
  models: ["core", "schema", "java", "stellar", "storage"],
  sinks: ["core", "schema", "java", "stellar", "storage"],
  // The sensor document names every stage's configuration, so `config` reads the lists of the stages below it.
  config: [
    "core",
    "schema",
    "java",
    "query",
    "stellar",
    "storage",
    "sources",
    "parsers",
    "transforms",
    "enrichments",
    "triage",
    // The sensor document has their part.
    "models",
    // The document of profiles says what they run by.
    "profiles",
    "sinks",
  ],
  alerts: ["core", "schema", "java", "stellar", "storage"],
  // The generator of telemetry and its packets: demo, benchmarks and tests use it, the product's stages never do.
  scenario: ["core", "pcap"],
  pipeline: [
    "core",
    "schema",
    "java",
    "stellar",
    "storage",
    "sources",
    "parsers",
    "transforms",
    "enrichments",
    "triage",
    "profiles",
    "models",
    "sinks",
    "config",
    "alerts",
  ],
  platform: [
    "core",
    "schema",
    "java",
    "query",
    "stellar",
    "storage",
    "pcap",
    "sources",
    "parsers",
    "transforms",
    "enrichments",
    "triage",
    "profiles",
    "models",
    "sinks",
    "config",
    "alerts",
    "pipeline",
    // Its states have the shapes the API promises.
    "api",
  ],
  api: ["core", "schema"],
  server: [
    "core",
    "schema",
    "java",
    "query",
    "stellar",
    "storage",
    "sources",
    "config",
    "alerts",
    "pipeline",
    "platform",
    "api",
    "parsers",
    "enrichments",
    "transforms",
    "triage",
    "scenario",
  ],
  ui: ["core", "schema", "query", "stellar", "api"],
  // A command that takes files tells captures of packets from lines.
  cli: [
    "pcap",
    "core",
    "schema",
    "java",
    "query",
    "stellar",
    "storage",
    "sources",
    "config",
    "alerts",
    "pipeline",
    "platform",
    "api",
    "server",
    "enrichments",
    "parsers",
    "transforms",
    "triage",
    "scenario",
  ],
};

/** Folders that run in a browser too. */
const PORTABLE = ["core", "schema", "java", "query", "stellar", "api", "ui", "scenario"];

type Import = { file: string; folder: string; target: string };

const root = import.meta.dirname;

function imports(): Import[] {
  const found: Import[] = [];
  for (const file of globSync("**/*.{ts,tsx}", { cwd: root })) {
    if (/\.(test|bench)\.tsx?$/.test(file) || !file.includes("/")) continue;
    const text = readFileSync(join(root, file), "utf8");
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      found.push({ file, folder: file.split("/")[0] as string, target: target as string });
    }
  }
  return found;
}

test("reads the tree at all", () => {
  expect(imports().length).toBeGreaterThan(10);
});

test("every folder has a line in the table", () => {
  const folders = new Set(imports().map((entry) => entry.folder));
  expect([...folders].filter((folder) => ALLOWED[folder] === undefined)).toEqual([]);
});

test("imports point down", () => {
  const wrong = imports().filter(({ file, folder, target }) => {
    if (!target.startsWith(".")) return false;
    const other = normalize(join(dirname(file), target)).split("/")[0] as string;
    return other !== folder && !ALLOWED[folder]?.includes(other);
  });
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

/**
 * What others may import of storage besides its door (`storage.ts`) and its contracts: helpers that name no engine, and
 * the one store that is opened before the settings that an engine is opened with can be read.
 */
const BESIDE_THE_DOOR: Record<string, readonly string[]> = {
  // Which files documents may name: a rule about paths.
  "storage/allowed-folders.ts": ["platform", "sources"],
  // Making folders, and what to tell when that is refused.
  "storage/folder.ts": ["platform"],
  // What an index tells of itself: types beside its contract.
  "storage/index/stats.ts": ["platform"],
  // What became of the messages of a commit: counts beside its contract.
  "storage/index/kept.ts": ["pipeline"],
  // A message with everything kept of it, whatever the index: what moves to another one.
  "storage/index/whole-message.ts": ["platform"],
  // Which partition a key belongs to, as Kafka's clients choose it.
  "storage/topic/key.ts": ["platform", "sinks"],
  // What a source reads of a topic where no other process could: all of it.
  "storage/topic/deal.ts": ["sources"],
  // How brokers are reached, as documents say it.
  "storage/topic/kafka/connection-schema.ts": ["cli", "config", "sources", "sinks"],
  // How long an append to a topic of others waits for brokers that say nothing.
  "storage/topic/patient-append.ts": ["cli", "sinks"],
  // The hash that the contract of tables speaks of.
  "storage/table/hash.ts": ["enrichments"],
  // The documents: they say how the rest of storage is opened, so they are in a file of this machine.
  "storage/lmdb-file.ts": ["config"],
};

test("storage is reached through its door and its contracts", () => {
  const wrong = imports().filter(({ file, folder, target }) => {
    // Test tools may assemble anything, as tests do.
    if (!target.startsWith(".") || folder === "storage" || file.includes("/testing/")) return false;
    const path = normalize(join(dirname(file), target));
    if (!path.startsWith("storage/")) return false;
    if (path === "storage/storage.ts" || path.endsWith("/contract.ts")) return false;
    return BESIDE_THE_DOOR[path]?.includes(folder) !== true;
  });
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("engines are packages of storage alone", () => {
  const wrong = imports().filter(
    ({ file, folder, target }) =>
      /^(lmdb|@duckdb\/)/.test(target) && folder !== "storage" && file !== "config/store.ts",
  );
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("portable folders import nothing of Node's", () => {
  const wrong = imports().filter(
    ({ folder, target }) => PORTABLE.includes(folder) && target.startsWith("node:"),
  );
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});
