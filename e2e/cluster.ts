/**
 * `METRON_E2E=cluster npm run e2e`: the same tests against platforms whose topics and tables are in Kafka and whose index is in
 * OpenSearch. One of each is started for the whole run; each platform has names of its own there.
 */
import { randomUUID } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startKafka } from "../scripts/cluster/kafka.ts";
import { startOpenSearch } from "../scripts/cluster/opensearch.ts";

type Servers = { readonly brokers: readonly string[]; readonly nodes: readonly string[] };

/** Whether platforms keep what they have in Kafka and OpenSearch. */
export const isCluster = process.env.METRON_E2E === "cluster";
/** Where the servers are, for the processes that run tests. */
const VARIABLE = "METRON_E2E_SERVERS";
const DEFAULTS = join(import.meta.dirname, "..", "config");

/** Playwright's global set-up: starts the servers, and returns what ends them. */
// biome-ignore lint/style/noDefaultExport: Playwright calls the default export of a global set-up
export default async function setup(): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack();
  const [kafka, openSearch] = [stack.use(await startKafka()), stack.use(await startOpenSearch())];
  const servers: Servers = { brokers: kafka.brokers, nodes: openSearch.urls };
  process.env[VARIABLE] = JSON.stringify(servers);
  const started = stack.move();
  return () => started.disposeAsync();
}

/** The folder of the documents that a new platform begins with: those that come along, with what is needed to be a cluster. */
export function documentsOf(folder: string): string {
  if (!isCluster) return DEFAULTS;
  const { brokers, nodes } = JSON.parse(process.env[VARIABLE] ?? "") as Servers;
  const own = `e2e-${randomUUID().slice(0, 8)}`;
  const storage = {
    ...{ topics: "kafka", tables: "kafka", index: "opensearch" },
    kafka: { brokers, prefix: `${own}.`, name: own },
    opensearch: { nodes, prefix: own, replicas: 0 },
  };
  const config = join(folder, "config");
  cpSync(DEFAULTS, config, { recursive: true });
  const global = join(config, "metron.yaml");
  writeFileSync(global, `${readFileSync(global, "utf8")}storage: ${JSON.stringify(storage)}\n`);
  return config;
}
