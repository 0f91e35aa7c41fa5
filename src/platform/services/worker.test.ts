import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { storeValue } from "../../stellar/sketches/store-value.ts";
import { StellarMap } from "../../stellar/values/value.ts";
import { found, send, testPlatforms } from "../testing/test-platform.ts";

const SERVER = `
import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";
const server = createServer((request, response) => response.end(JSON.stringify({ path: request.url })));
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

test("expressions in a worker reach stored objects and allowed hosts", async () => {
  const server = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SERVER)}`));
  try {
    const [port] = (await once(server, "message")) as [number];
    const sensor = `
sensor: web
parser: { jsonMap: {} }
transforms:
  - STELLAR:
      known: ENRICHMENT_OBJECT_GET('/bad', host)
      path: MAP_GET('path', REST_GET('http://127.0.0.1:${port}/a', {'timeout':5000}))
      refused: REST_GET('http://localhost:${port}/a') == null
`;
    const global = `workers: 1\nglobal: { stellar.rest.allow: ["127.0.0.1:${port}"] }\n`;
    using platforms = testPlatforms({ sensors: { web: sensor }, global });
    await using platform = await platforms.open();
    mkdirSync(join(platforms.data, "files"), { recursive: true });
    writeFileSync(join(platforms.data, "files", "bad"), storeValue(new StellarMap([["a", "bad"]])));
    await send(platform, ['{"n":1,"host":"a"}']);
    await platform.caughtUp();
    expect(await found(platform, "_exists_:n")).toMatchObject([{ known: "bad", path: "/a", refused: true }]);
  } finally {
    await server.terminate();
  }
});
