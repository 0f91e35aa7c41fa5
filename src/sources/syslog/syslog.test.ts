import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import type { z } from "zod";
import type { Block } from "../../core/block.ts";
import type { Source } from "../source.ts";
import { type Collected, collecting } from "../testing/collecting.ts";
import { detectFraming } from "./octet-framer.ts";
import { syslog } from "./syslog.ts";

function open(collected: Collected, config: z.input<typeof syslog.config> = {}): Promise<Source> {
  return syslog.open(syslog.config.parse({ port: 0, ...config }), collected.context);
}

function portOf(source: Source, protocol: string): number {
  const address = source.addresses.find((candidate) => candidate.startsWith(protocol)) as string;
  return Number(new URL(address).port);
}

async function dial(source: Source): Promise<Socket> {
  const socket = connect(portOf(source, "tcp"), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

test("listens for both protocols on one port", async () => {
  await using source = await open(collecting());
  expect(source.addresses).toEqual([
    `tcp://127.0.0.1:${portOf(source, "tcp")}`,
    `udp://127.0.0.1:${portOf(source, "tcp")}`,
  ]);
});

// RFC 6587: 3.4.1 octet counting, 3.4.2 non-transparent framing.
const FIRST = "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed";
const SECOND = "<165>1 - - - - - two\nlines";

test.each([
  ["lines", `${FIRST}\n<13>b\r\n`, [FIRST, "<13>b"]],
  ["lines, the last without an end", `${FIRST}\n<13>b`, [FIRST, "<13>b"]],
  ["counted octets", `${FIRST.length} ${FIRST}${SECOND.length} ${SECOND}`, [FIRST, SECOND]],
  [
    "lines of another format that begin with a number",
    "1475022887.362 1 TCP_MISS\n17 apples\n",
    ["1475022887.362 1 TCP_MISS", "17 apples"],
  ],
  ["counted octets that turn into lines", `5 <13>a<13>b\n<13>c\n`, ["<13>a", "<13>b", "<13>c"]],
  [
    "counted octets with line feeds between",
    "6 <13>ab\n6 <13>cd\n7 <13>e f\n",
    ["<13>ab", "<13>cd", "<13>e f"],
  ],
  ["counted octets with CR LF between", "6 <13>ab\r\n6 <13>cd\r\n", ["<13>ab", "<13>cd"]],
  ["counted octets with NUL between", "6 <13>ab\0" + "6 <13>cd\0", ["<13>ab", "<13>cd"]],
  ["counted octets behind a line end", "\n6 <13>ab6 <13>cd", ["<13>ab", "<13>cd"]],
  ["counted octets that count a line end", "7 <13>ab\n6 <13>cd", ["<13>ab", "<13>cd"]],
  ["a NUL within counted octets", "7 <13>a\0b6 <13>cd", ["<13>a\0b", "<13>cd"]],
  [
    "counted octets with line feeds between that turn into lines",
    "5 <13>a\n<13>b\n<13>c\n",
    ["<13>a", "<13>b", "<13>c"],
  ],
  ["NUL as the trailer", "<13>nul one\0<13>nul two\0", ["<13>nul one", "<13>nul two"]],
  ["NUL and line feed as the trailer", "<13>one\0\n<13>two\0\n", ["<13>one", "<13>two"]],
  ["NUL within a line", "<13>one\n<13>t\0wo\n<13>three\n", ["<13>one", "<13>t\0wo", "<13>three"]],
  ["NUL before a priority", "<13>one\n<13>two\0<13>three\n", ["<13>one", "<13>two", "<13>three"]],
  ["a line end before the first line", "\r\n<13>one\n", ["<13>one"]],
  ["a number only", "12", ["12"]],
  ["a number and a space", "12 ", ["12 "]],
])("takes %s, however they are cut up", async (_what, text, expected) => {
  for (const size of [1, 7, 10_000]) {
    const collected = collecting();
    await using source = await open(collected, { protocol: "tcp" });
    const socket = await dial(source);
    socket.setNoDelay();
    for (let at = 0; at < text.length; at += size) {
      socket.write(text.slice(at, at + size));
      await new Promise(setImmediate);
    }
    socket.end();
    await collected.until(expected.length);
    expect(collected.records).toEqual(expected);
  }
});

test.each([
  ["<", "lines"],
  ["0 <", "lines"],
  ["1", "undecided"],
  ["123 ", "undecided"],
  ["123 <", "octets"],
  ["123 a", "lines"],
  ["1234567890 <", "lines"],
  [" <", "lines"],
  ["", "undecided"],
  ["\n12 <", "octets"],
  ["\r\n\0", "undecided"],
  ["\n<", "lines"],
])("%j is framed by %s", (start, framing) => {
  expect(detectFraming(Buffer.from(start))).toBe(framing);
});

test("takes datagrams, each a record whatever is in it", async () => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "udp" });
  const socket = createSocket("udp4");
  const send = (data: Uint8Array) =>
    new Promise((resolve) => socket.send(data, portOf(source, "udp"), "127.0.0.1", resolve));
  const sent = [
    Buffer.from("<13>one"),
    Buffer.from("two\nlines\n"),
    Buffer.from([0xff, 0]),
    Buffer.from([0xff, 0, 0xff]),
    Buffer.alloc(60_000, "x"),
  ];
  for (const data of sent) await send(data);
  await collected.until(5);
  // A NUL at the end is not the message's: C programs end their texts so.
  expect(collected.records).toEqual(["<13>one", "two\nlines", "\xff", "\xff\0\xff", "x".repeat(60_000)]);
  socket.close();
});

test("many peers at once, each in its own order", async () => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "tcp" });
  const peers = await Promise.all(Array.from({ length: 100 }, () => dial(source)));
  for (let round = 0; round < 50; round++) {
    for (const [index, peer] of peers.entries()) {
      const record = `<13>${index} ${round} ${"x".repeat((index * round) % 500)}`;
      const frame = index % 2 === 0 ? `${record}\n` : `${record.length} ${record}`;
      // Cut in the middle, so that the other half comes with the next one.
      peer.write(frame.slice(0, 5));
      peer.write(frame.slice(5));
    }
    await new Promise(setImmediate);
  }
  await collected.until(5000);
  expect(source.counts()).toMatchObject({ records: 5000, refused: 0, peers: 100 });
  for (const peer of peers) peer.destroy();
  for (const index of [0, 1, 98, 99]) {
    const rounds = collected.records.filter((record) => record.startsWith(`<13>${index} `));
    expect(rounds.map((record) => Number(record.split(" ")[1]))).toEqual(
      Array.from({ length: 50 }, (_, round) => round),
    );
  }
});

test.each(["lines", "octets"])("refuses records past the limit and goes on (%s)", async (framing) => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "tcp", maxRecordBytes: 1000 });
  const socket = await dial(source);
  const huge = `<13>${"h".repeat(300_000)}`;
  const frame = (record: string) => (framing === "lines" ? `${record}\n` : `${record.length} ${record}`);
  socket.end(frame("<13>a") + frame(huge) + frame("<13>b"));
  await collected.until(2);
  expect(collected.records).toEqual(["<13>a", "<13>b"]);
  expect(collected.refusals.length).toBe(1);
  expect(collected.refusals[0]?.reason).toMatch(
    /^127\.0\.0\.1:\d+: a record of 30000\d bytes, more than the 1000 allowed$/,
  );
  expect(source.counts().refused).toBe(1);
});

test("a record of 20 MB comes whole, counted or as a line", async () => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "tcp", maxRecordBytes: 32 << 20 });
  const record = `<13>${"m".repeat(20 << 20)}`;
  (await dial(source)).end(`${record.length} ${record}`);
  (await dial(source)).end(`${record}\n`);
  await collected.until(2);
  expect(collected.records.map((each) => each.length)).toEqual([record.length, record.length]);
});

test.runIf(process.platform === "linux")("what the kernel throws away is counted too", async () => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "udp" });
  // Nothing is read while this thread waits for the sender: more than any buffer holds.
  const sender = `
    const socket = require("node:dgram").createSocket("udp4");
    const datagram = Buffer.alloc(8000, "x");
    let left = 8000;
    const send = () => (left-- === 0 ? socket.close() : socket.send(datagram, ${portOf(source, "udp")}, "127.0.0.1", send));
    send();`;
  spawnSync(process.execPath, ["-e", sender]);
  expect(source.counts().dropped).toBeGreaterThan(0);
});

test("an unfinished counted record is refused, not passed on as if it were whole", async () => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "tcp" });
  (await dial(source)).end("5 <13>a50 <13>half");
  await collected.until(1);
  while (collected.refusals.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(collected.refusals[0]?.reason).toMatch(/the connection ended within a record/);
});

test("a peer waits while deliveries do, and datagrams are dropped and counted", async () => {
  let handed = 0;
  const collected = collecting();
  const { deliver } = collected.context;
  const gate = Promise.withResolvers<void>();
  collected.gate = gate.promise;
  const context = {
    ...collected.context,
    deliver: (sensor: string, block: Block) => {
      handed++;
      return deliver(sensor, block);
    },
  };
  await using source = await syslog.open(syslog.config.parse({ port: 0 }), context);
  const socket = await dial(source);
  const lines = 16 * 1024;
  socket.write(`<13>${"x".repeat(1019)}\n`.repeat(lines));
  while (handed < 4) await new Promise(setImmediate);
  // Each datagram comes in a turn of the loop of its own, in which the peer would be read too if it did not wait.
  const datagrams = createSocket("udp4");
  for (let dropped = 1; dropped <= 500 && handed < 20; dropped++) {
    datagrams.send("<13>late", portOf(source, "udp"), "127.0.0.1");
    while (source.counts().dropped < dropped) await new Promise(setImmediate);
  }
  const waiting = handed;
  gate.resolve();
  // Four on their way, and what one reading of the socket may still complete.
  expect(waiting).toBeLessThanOrEqual(6);
  await collected.until(lines);
  expect(source.counts()).toMatchObject({ records: lines, dropped: 500 });
  datagrams.close();
  socket.destroy();
});

test("what arrived is delivered when the source is closed", async () => {
  const collected = collecting();
  const source = await open(collected, { protocol: "tcp" });
  const socket = await dial(source);
  socket.on("error", () => undefined);
  socket.write("<13>one\n<13>without end");
  await collected.until(1);
  await source[Symbol.asyncDispose]();
  await source.done;
  expect(collected.records).toEqual(["<13>one", "<13>without end"]);
});

test("closes connections past the limit", async () => {
  const collected = collecting();
  await using source = await open(collected, { protocol: "tcp", maxPeers: 2 });
  const [one, two] = [await dial(source), await dial(source)];
  const three = await dial(source);
  await once(three.resume(), "close");
  expect(collected.refusals[0]?.reason).toMatch(/more than 2 connections/);
  one.destroy();
  two.destroy();
});

test("a port in use is a fault that names it", async () => {
  await using source = await open(collecting(), { protocol: "tcp" });
  const port = portOf(source, "tcp");
  await expect(open(collecting(), { port })).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: `syslog for sensor test, listening on 127.0.0.1:${port}: the port is in use`,
  });
});

test("fails when deliveries fail for good", async () => {
  const collected = collecting({ deliver: () => Promise.reject(new Error("sensor is gone")) });
  const source = await open(collected, { protocol: "tcp" });
  const socket = await dial(source);
  socket.on("error", () => undefined);
  socket.write("<13>one\n");
  await expect(source.done).rejects.toThrow("sensor is gone");
  await expect(source[Symbol.asyncDispose]()).rejects.toThrow("sensor is gone");
});

test("speaks TLS", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metron-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, CERTIFICATE);
  writeFileSync(key, KEY);
  const collected = collecting();
  await using source = await open(collected, { protocol: "tcp", tls: { cert, key } });
  const socket = connectTls({
    port: portOf(source, "tls"),
    host: "127.0.0.1",
    ca: CERTIFICATE,
    servername: "localhost",
  });
  await once(socket, "secureConnect");
  socket.end("7 <13>one<13>two\n");
  await collected.until(2);
  expect(collected.records).toEqual(["<13>one", "<13>two"]);
  // A peer that speaks no TLS does no harm.
  const plain = connect(portOf(source, "tls"), "127.0.0.1");
  plain.on("error", () => undefined);
  plain.write("<13>three\n");
  await once(plain.resume(), "close");
  expect(collected.records.length).toBe(2);
  await rm(folder, { recursive: true });
});

test("refuses TLS files that are not there", async () => {
  const tls = { cert: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
  await expect(open(collecting(), { tls })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("/nowhere/cert.pem"),
  });
});

// Made for this test, valid for localhost until 2126; openssl req -x509 -newkey ec -days 36500.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIURKBQk94oI7f2SkztyzxfX+uZrRUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAwMTgzNFoYDzIxMjYxMDI5
MDAxODM0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATfjJRS52NCaFOIJ2gTfmHjDa5YHkJi6hnkHGHZvUyE5pHbT51HrtRt
LI0eOYmEK1I4x2LXrP+S86W6cpNV652Lo28wbTAdBgNVHQ4EFgQUMh+yq7Bafvgz
PkZmUFI5Wd6Av1swHwYDVR0jBBgwFoAUMh+yq7BafvgzPkZmUFI5Wd6Av1swDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAJAC7CiQYmNcRAicOw5/KI2sklo6yiymR8VmUmLBtbjMAiBy
5dw1KmHO0qaSUftScSExWN32tf5BWoO8UT2ILh4DOA==
-----END CERTIFICATE-----
`;

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEOLmudKIn+mv01fQ
jFneT5cBMmdnfdpw7uDrF+ionDahRANCAATfjJRS52NCaFOIJ2gTfmHjDa5YHkJi
6hnkHGHZvUyE5pHbT51HrtRtLI0eOYmEK1I4x2LXrP+S86W6cpNV652L
-----END PRIVATE KEY-----
`;
