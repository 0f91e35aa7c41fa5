import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "./server.ts";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

/** fetch would not let a test set these headers. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  base = server.url,
): Promise<{ status: number; headers: object }> {
  return new Promise((resolve, reject) => {
    const call = request(base + path, { method, headers }, (response) => {
      response
        .resume()
        .once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    call.once("error", reject).end();
  });
}

test.each([
  ["a name that a hostile page made to point here", "GET", { host: "evil.example" }, 400],
  ["a name that begins like ours", "GET", { host: "127.0.0.1.evil.example" }, 400],
  ["our name on another port", "GET", { host: "localhost:1234" }, 200],
  ["the address of version 6", "GET", { host: "[::1]:80" }, 200],
  ["a change from another site's page", "POST", { origin: "https://evil.example" }, 400],
  ["a change from a page without an origin", "POST", { origin: "null" }, 400],
  ["a change that the browser says is cross-site", "POST", { "sec-fetch-site": "cross-site" }, 400],
  ["a change that the browser says is of another port", "POST", { "sec-fetch-site": "same-site" }, 400],
])("the guard judges %s", async (_what, method, headers, status) => {
  const path = method === "GET" ? "/api/v1/status" : "/api/v1/ingest/web";
  expect((await raw(method, path, headers)).status).toBe(status);
});

test("a change from our own page passes the guard", async () => {
  const own = { origin: server.url, "sec-fetch-site": "same-origin" };
  expect((await raw("POST", "/api/v1/ingest/web", own)).status).toBe(200);
});

test("a server that others reach is not started, and the refusal says what to do instead", async () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "metron.example.org"]) {
    const started = startServer(server.platform, { host, port: 0, ui: "" });
    await expect(started).rejects.toMatchObject({
      code: "HOST_REFUSED",
      message: expect.stringMatching(/reverse proxy .* SSH tunnel.*--allow-anyone-on-the-network/),
    });
  }
});

test("a server that was allowed to be reached by others still knows its names", async () => {
  // Loopback, but not as the refusal knows it: the test must not listen where others reach it.
  const options = { host: "::ffff:127.0.0.1", port: 0, ui: "", mayServeOthers: true };
  await using open = await startServer(server.platform, options);
  const base = `http://127.0.0.1:${open.port}`;
  const ask = async (host: string) => (await raw("GET", "/api/v1/status", { host }, base)).status;
  expect(await ask("evil.example")).toBe(400);
  expect(await ask("192.0.2.7:80")).toBe(200);
  expect(await ask("localhost")).toBe(200);
});

test("names of a reverse proxy are configured, and are in force once they are published", async () => {
  const named = { host: "metron.example.org", origin: "https://metron.example.org" };
  const rewritten = { origin: "https://metron.example.org", "sec-fetch-site": "same-origin" };
  const ingest = async (headers: Record<string, string>) =>
    (await raw("POST", "/api/v1/ingest/web", headers)).status;
  expect(await ingest(named)).toBe(400);
  expect(await ingest(rewritten)).toBe(400);
  const text = "workers: 1\nserver: { names: [Metron.example.org] }\n";
  await server.json("PUT", "/config/documents/global/global", { text });
  expect(await ingest(named)).toBe(200);
  expect(await ingest(rewritten)).toBe(200);
  expect(await ingest({ host: "other.example.org" })).toBe(400);
  expect(await ingest({ origin: "https://evil.example" })).toBe(400);
});

test("the page is answered for every path of its own, and no script of others may run in it", async () => {
  for (const path of ["/", "/investigate?query=a%3Ab"]) {
    const response = await fetch(server.url + path);
    expect(await response.text()).toContain("<title>Metron</title>");
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self';");
    expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
  const asset = await fetch(`${server.url}/assets/main-1a2b.js`);
  expect(asset.headers.get("cache-control")).toContain("immutable");
  for (const path of [
    "/../package.json",
    "/..%2fdata%2fserver.json",
    "/assets/%2e%2e/%2e%2e/data/config/config.mdb",
  ]) {
    const answer = await raw("GET", path, {});
    expect(Number((answer.headers as Record<string, string>)["content-length"])).toBeLessThan(1000);
  }
});

test("a request of HTTP/1.0 that names no host is told to", async () => {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.end("GET /api/v1/status HTTP/1.0\r\n\r\n");
  expect(await text(socket)).toContain("answering a request that names no host: send a `Host` header");
});
