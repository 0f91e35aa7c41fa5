/**
 * Starts a server of the tests and stays until it is stopped. `node scripts/run.mjs scripts/cluster/serve.ts` prints where its Kafka is, as
 * JSON, `node scripts/run.mjs scripts/cluster/serve.ts opensearch [3.9.0]` the address of a node of OpenSearch. With METRON_TEST_KAFKA or
 * METRON_TEST_OPENSEARCH set to what it prints, tests use that server and start none.
 */
import { type OpenSearchVersion, startOpenSearch } from "./opensearch.ts";
import { startSecuredKafka } from "./secured-kafka.ts";

const [server = "kafka", version = "2.19.6"] = process.argv.slice(2);
let close: () => Promise<void>;
if (server === "kafka") {
  const kafka = await startSecuredKafka();
  console.log(JSON.stringify(kafka.address));
  close = kafka.close;
} else if (server === "opensearch" && isKnown(version)) {
  const node = await startOpenSearch({ version });
  console.log(node.url);
  close = async () => node[Symbol.asyncDispose]();
} else throw new Error("expected `kafka`, `opensearch`, `opensearch 2.19.6` or `opensearch 3.9.0`");
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());

function isKnown(version: string): version is OpenSearchVersion {
  return version === "2.19.6" || version === "3.9.0";
}
