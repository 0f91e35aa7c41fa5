/**
 * Servers for a run of the tests: the first test that needs one asks here, and all are stopped when the run ends. Nothing is
 * started for tests that need none. See `globalSetup` of Vitest.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { missingForJava } from "./jars.ts";
import { startSecuredKafka } from "./secured-kafka.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address that answers where the Kafka of the run is; 204 when this machine cannot run it. */
    readonly cluster: string;
  }
}

/** Answers for the servers until the function that it returns is called. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: ReturnType<typeof startSecuredKafka> | undefined;
  let isTold = false;
  const server = createServer(async (_request, response) => {
    const missing = missingForJava();
    if (missing !== undefined && process.env.CI !== "true") {
      if (!isTold) process.stdout.write(`Left out, as there is no program ${missing}: what needs Kafka.\n`);
      isTold = true;
      response.writeHead(204).end();
      return;
    }
    try {
      starting ??= startSecuredKafka();
      response.end(JSON.stringify((await starting).address));
    } catch (error) {
      response.writeHead(500).end(`Kafka did not start: ${error}`);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  project.provide("cluster", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    await (await starting?.catch(() => undefined))?.close();
    server.closeAllConnections();
    server.close();
  };
}
