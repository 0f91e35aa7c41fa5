import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Collected, collecting } from "../collecting.ts";
import { acceptRequest } from "./http.ts";

let collected: Collected;
let url: string;
let close: () => Promise<void>;
const failures: unknown[] = [];

beforeEach(async () => {
  collected = collecting();
  failures.length = 0;
  const server = createServer((request: IncomingMessage, response) => {
    acceptRequest(request, collected.context).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => {
        failures.push(error);
        response.statusCode = 400;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  close = () => new Promise((resolve) => server.close(() => resolve()));
});

afterEach(() => close());

async function post(body: BodyInit, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body, headers: { connection: "close", ...headers } });
  return response.status === 200 ? response.json() : response.status;
}

test("answers how many lines it took", async () => {
  expect(await post('{"a":1}\n{"b":2}\n\nlast')).toEqual({ accepted: 4, bytes: 21, refused: 0 });
  expect(collected.records).toEqual(['{"a":1}', '{"b":2}', "", "last"]);
});

test("takes an empty body", async () => {
  expect(await post("")).toEqual({ accepted: 0, bytes: 0, refused: 0 });
});

test("unpacks gzip, whether announced or not", async () => {
  const packed = gzipSync("a\nb\n");
  expect(await post(packed, { "content-encoding": "gzip" })).toMatchObject({ accepted: 2 });
  expect(await post(packed)).toMatchObject({ accepted: 2 });
  expect(await post("not packed", { "content-encoding": "gzip" })).toBe(400);
  expect(failures).toMatchObject([{ code: "INPUT_UNREADABLE" }]);
});

test("keeps the complete lines of a request that breaks off", async () => {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\none\ntwo\nthr");
  await collected.until(2);
  socket.destroy();
  while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(failures).toMatchObject([{ code: "INPUT_UNREADABLE", details: { records: 2 } }]);
  expect(collected.records).toEqual(["one", "two"]);
});
