import { GCProfiler } from "node:v8";
import { expect, test } from "vitest";
import { madeConversation } from "../testing/made-conversation.ts";
import { readHttp } from "./http.ts";

const folded = (lines: readonly string[]) =>
  readHttp(madeConversation([[0, ["GET / HTTP/1.1", ...lines, "", ""].join("\r\n")]])).exchanges[0]?.request;

test("lines that go on with a header are one value", () => {
  expect(folded(["X: one", "  two", "\t", " three ", "Y:", " four"])?.headers).toEqual([
    { name: "X", value: "one two three" },
    { name: "Y", value: "four" },
  ]);
});

test("a header that goes on for long is cut, and told", () => {
  const request = folded([`X: ${"a".repeat(40_000)}`, ` ${"b".repeat(40_000)}`, " c"]);
  expect(request?.headers[0]?.value.length).toBe(65_536);
  expect(request?.notes).toEqual(["a header is longer than 65536 bytes and was cut"]);
});

test("lines that go on with a header that is passed over go on with no other", () => {
  const request = folded([...Array.from({ length: 1_001 }, (_, at) => `H${at}: v`), " more"]);
  expect(request?.headers).toHaveLength(1_000);
  expect(request?.headers.at(-1)).toEqual({ name: "H999", value: "v" });
  expect(request?.notes).toEqual(["it has more than 1000 headers"]);
});

test("lines that go on with a header cost no more than their bytes", () => {
  const lines = Buffer.from("\t \n".repeat(100_000));
  const said = Array.from({ length: 5 }, () => [0, lines] as const);
  const conversation = madeConversation([
    [0, `GET / HTTP/1.1\r\nX: ${"a".repeat(60_000)}\r\n`],
    ...said,
    [0, "\r\n"],
  ]);
  const collections = new GCProfiler();
  collections.start();
  const { exchanges } = readHttp(conversation);
  // Were the value copied for each line, 30 GB would have to be collected.
  expect(collections.stop()?.statistics.length).toBeLessThan(200);
  expect(exchanges[0]?.request?.headers).toHaveLength(1);
});

test("of very many exchanges the first are read and all are counted", () => {
  const asked = "HEAD / HTTP/1.1\r\n\r\n".repeat(100_500);
  // Each answer tells of a body that an answer to HEAD does not have.
  const answered = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".repeat(100_500);
  const { exchanges, total } = readHttp(
    madeConversation([
      [0, asked],
      [1, answered],
    ]),
  );
  expect([exchanges.length, total]).toEqual([100_000, 100_500]);
  expect(exchanges.at(-1)?.response?.status).toBe(200);
});

test("requests behind the limit that nobody answers are counted too, and so are answers without a request", () => {
  const asked = madeConversation([[0, "GET / HTTP/1.1\r\n\r\n".repeat(103_000)]]);
  expect(readHttp(asked).total).toBe(103_000);
  const answered = madeConversation([[1, "HTTP/1.1 204 No Content\r\n\r\n".repeat(100_007)]]);
  expect(readHttp(answered).total).toBe(100_007);
});

test("of a body in more than a million pieces the rest is counted and told", () => {
  const chunks = Buffer.from("1\r\na\r\n".repeat(100_000));
  const said = Array.from({ length: 11 }, () => [1, chunks] as const);
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const { exchanges } = readHttp(madeConversation([[1, head], ...said, [1, "0\r\n\r\n"]]));
  const { body, notes } = exchanges[0]?.response ?? {};
  expect(body).toMatchObject({ length: 1_100_000, leftOut: 100_000, isComplete: false });
  expect(notes).toEqual([
    "its body comes in more than 1000000 pieces: the last 100000 of its 1100000 bytes are left out",
  ]);
});
