/**
 * Starts the Kafka of the tests and stays until it is stopped: `node scripts/cluster/serve.ts` prints where it is, as JSON.
 * With METRON_TEST_KAFKA set to that JSON, tests use it and start none.
 */
import { startSecuredKafka } from "./secured-kafka.ts";

const { address, close } = await startSecuredKafka();
console.log(JSON.stringify(address));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
