import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ limits: { connections: 12, headers: 500, body: 1000, idle: 1000 } });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

function dial(): Socket {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  return socket;
}

/** What the server says until it closes the connection. */
async function said(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  await new Promise((done) => socket.once("close", done));
  return Buffer.concat(parts).toString("latin1");
}

const head = (path: string, more: string) =>
  `POST /api/v1${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${more}\r\n\r\n`;

test.each([
  ["headers", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"],
  ["nothing at all", ""],
  ["half a question", `${head("/search", "Content-Type: application/json\r\nContent-Length: 100")}{"query"`],
  ["half a stream", `${head("/ingest/web", "Content-Length: 100")}{"n":1}\n`],
  ["half a body for a path that is not there", `${head("/nothing", "Content-Length: 100")}x`],
  ["half a body for a path that is no path", `${head("/intel/%zz", "Content-Length: 100")}x`],
  ["a chunked stream that stops", `${head("/ingest/web", "Transfer-Encoding: chunked")}8\r\n{"n":1}\n\r\n`],
])("a client that sends %s and then no more is closed", async (_what, text) => {
  const socket = dial();
  if (text !== "") socket.write(text);
  expect(await said(socket)).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
});

test("a slow client that goes on sending is heard to its end", async () => {
  const socket = dial();
  const answer = said(socket);
  socket.write(head("/ingest/web", "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked"));
  // Longer together than any of the limits.
  for (let n = 0; n < 8; n++) {
    socket.write(`8\r\n{"n":${n}}\n\r\n`);
    await new Promise((done) => setTimeout(done, 200));
  }
  socket.write("0\r\n\r\n");
  expect(await answer).toContain('"accepted":8');
});

test("connections have a number; those beyond it are closed, and room is made when others leave", async () => {
  const open = Array.from({ length: 12 }, dial);
  await Promise.all(open.map((socket) => new Promise((done) => socket.once("connect", done))));
  expect(await said(dial())).toBe("");
  const ended = Promise.all(open.map((socket) => new Promise((done) => socket.once("close", done))));
  for (const socket of open) socket.destroy();
  await ended;
  let status = 0;
  while (status !== 200)
    status = await fetch(`${server.url}/api/v1/status`).then(
      (answer) => answer.status,
      () => 0,
    );
  expect(status).toBe(200);
});

/** A body that begins and is never ended. */
const endless = (begin: string) => new ReadableStream({ start: (sink) => sink.enqueue(Buffer.from(begin)) });

test.each([
  ["that is refused at its header", "/intel/malicious_ip?column=ip", "address,source\n1.2.3.4,x\n"],
  ["that its client breaks off", "/ingest/web", '{"n":1}\n'],
])("a stream %s is let go of", async (_what, path, begin) => {
  const broken = new AbortController();
  const send = { method: "POST", duplex: "half", body: endless(begin), signal: broken.signal } as RequestInit;
  const answer = fetch(`${server.url}/api/v1${path}`, send).catch(() => undefined);
  await new Promise((done) => setTimeout(done, 100));
  broken.abort();
  await answer;
  // Bodies are looked after at every quarter of the idle time; a fault there would end the process.
  await new Promise((done) => setTimeout(done, 600));
  expect((await fetch(`${server.url}/api/v1/status`)).status).toBe(200);
});
