import { expect, test } from "vitest";
import { readServerHello } from "../tls/hello.ts";
import { cryptoStream } from "./crypto-stream.ts";
import { openersOf, readLongPacket } from "./initial.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** The Initial of the server in RFC 9001, A.3; its keys are made of the client's choice in A.1. */
const PACKET = hex(
  "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
);

function opened(bytes: Uint8Array, identifier = "8394c8f03e515708") {
  const packet = readLongPacket(bytes, 0, bytes.length);
  if (packet === undefined) throw new Error("no long packet");
  const frames = openersOf(packet.version, hex(identifier))[1](packet, bytes);
  return { packet, frames };
}

test("the answer of the server in RFC 9001 is read", () => {
  const { packet, frames } = opened(PACKET);
  expect(packet).toMatchObject({ kind: "initial", version: { name: "1" }, source: hex("f067a5502a4262b5") });
  const stream = cryptoStream();
  stream.take(frames ?? new Uint8Array(0));
  const hello = readServerHello(stream.message(2)!);
  expect(hello).toMatchObject({ version: 0x0304, suite: 0x1301, group: 29 });
});

test("the keys stay what they are", () => {
  const [, opener] = openersOf(opened(PACKET).packet.version, hex("8394c8f03e515708"));
  const bytes = Buffer.from(PACKET);
  const packet = readLongPacket(bytes, 0, bytes.length)!;
  expect(opener(packet, bytes)).toEqual(opener(packet, bytes));
  expect(bytes).toEqual(Buffer.from(PACKET));
  expect(opener(packet, bytes)).toBeDefined();
});

test("packets of other connections, changed and cut ones are not opened", () => {
  expect(opened(PACKET, "8394c8f03e515709").frames).toBeUndefined();
  const changed = PACKET.slice();
  changed[60]! ^= 1;
  expect(opened(changed).frames).toBeUndefined();
  expect(readLongPacket(PACKET, 0, PACKET.length - 1)).toBeUndefined();
});

test("a message is put together of frames in any order, some of them twice", () => {
  const stream = cryptoStream();
  const frame = (at: number, ...bytes: number[]) => Uint8Array.of(6, at, bytes.length, ...bytes);
  stream.take(frame(4, 7, 8));
  stream.take(frame(2, 0, 4, 7));
  expect(stream.message(1)).toBeUndefined();
  // A ping and an acknowledgement with a range are between.
  stream.take(Uint8Array.of(1, 2, 0, 0, 1, 0, 0, 0, ...frame(0, 1, 0, 0), 0, 0, ...frame(5, 8, 9, 10)));
  const body = stream.message(1);
  expect([...body!.bytes.subarray(body!.at, body!.end)]).toEqual([7, 8, 9, 10]);
});
