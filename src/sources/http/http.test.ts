import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { collecting } from "../testing/collecting.ts";
import { acceptBody } from "./http.ts";

const JSON_TYPE = "application/json";
const ANY_TYPE = [
  JSON_TYPE,
  "application/json; charset=utf-8",
  "text/json",
  "application/cloudevents+json",
  "application/x-ndjson",
  "application/ndjson",
  "text/plain;charset=UTF-8",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
  undefined,
];

type Sent = {
  type?: string | undefined;
  encoding?: string;
  readsJson?: boolean;
  readsLists?: boolean;
  chunk?: number;
  max?: number;
};

/** What becomes of a body: the records, and the answer or the fault. */
async function send(body: string | Uint8Array, sent: Sent = {}) {
  const { type, encoding, readsJson = true, readsLists = false, chunk = 1 << 16, max } = sent;
  const collected = collecting();
  const bytes = Buffer.from(body);
  async function* chunks() {
    // A chunk's memory is used again, as that of a socket may be.
    for (let at = 0; at < bytes.length; at += chunk) yield Buffer.from(bytes.subarray(at, at + chunk));
  }
  const answer = await acceptBody(chunks(), {
    ...collected.context,
    name: "the body",
    contentType: type,
    contentEncoding: encoding,
    readsJson,
    readsLists,
    maxRecordBytes: max,
  }).catch((error: unknown) => ({ error }));
  return { records: collected.records, refusals: collected.refusals, answer };
}

test("answers how many lines it took", async () => {
  const { records, answer } = await send('{"a":1}\n{"b":2}\n\nlast');
  expect(answer).toEqual({ accepted: 4, bytes: 21, refused: 0 });
  expect(records).toEqual(['{"a":1}', '{"b":2}', "", "last"]);
});

test.each(["", " \n", "[]", " [ ] "])("a body of %j holds no records, and says so", async (body) => {
  const { records, answer } = await send(body, { type: JSON_TYPE });
  expect(records).toEqual([]);
  expect(answer).toEqual({ accepted: 0, bytes: 0, refused: 0, note: "The body holds no records." });
});

test.each(ANY_TYPE)("as %s every layout of JSON is taken as the records it holds", async (type) => {
  const one = { a: 1, text: 'x{"[\\', list: [{}, []] };
  const two = { b: { c: null } };
  const bodies: [string, unknown[]][] = [
    [JSON.stringify(one), [one]],
    [`${JSON.stringify(one)}\n`, [one]],
    [JSON.stringify(one, null, 2), [one]],
    [`${JSON.stringify(one)}\n${JSON.stringify(two)}\n`, [one, two]],
    [`${JSON.stringify(one)}\r\n${JSON.stringify(two)}`, [one, two]],
    [`${JSON.stringify(one, null, "\t")}\n${JSON.stringify(two, null, 4)}\n`, [one, two]],
    [`${JSON.stringify(one)}${JSON.stringify(two)}`, [one, two]],
    [JSON.stringify([one, two]), [one, two]],
    [`\n ${JSON.stringify([one, two], null, 2)}\n`, [one, two]],
    [`[\n${JSON.stringify(one)},\n${JSON.stringify(two)}\n]\n`, [one, two]],
    [`\ufeff${JSON.stringify([one])}`, [one]],
    ['{ "a": 1,\n  "b": [\n1,\n2 ] }', [{ a: 1, b: [1, 2] }]],
  ];
  for (const [body, expected] of bodies) {
    for (const chunk of [1, 7, 1 << 16]) {
      const { records, answer } = await send(body, { type, chunk });
      expect(
        records.map((record) => JSON.parse(record)),
        body,
      ).toEqual(expected);
      expect(answer).toMatchObject({ accepted: expected.length, refused: 0 });
    }
  }
});

test("any JSON in any layout and any chunks is cut where its values end", async () => {
  const documents = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { minKeys: 1 }), {
    minLength: 1,
    maxLength: 5,
  });
  const layout = fc.record({
    indent: fc.constantFrom(undefined, 1, "\t"),
    isList: fc.boolean(),
    chunk: fc.integer({ min: 1, max: 40 }),
    type: fc.constantFrom(...ANY_TYPE),
  });
  await fc.assert(
    fc.asyncProperty(documents, layout, async (values, { indent, isList, chunk, type }) => {
      const texts = values.map((value) => JSON.stringify(value, null, indent));
      const body = isList ? JSON.stringify(values, null, indent) : texts.join("\n");
      const { records } = await send(body, { chunk, type });
      const got = records.map((record) => JSON.parse(Buffer.from(record, "latin1").toString("utf8")));
      expect(got).toEqual(JSON.parse(JSON.stringify(values)));
    }),
    { numRuns: runs(150) },
  );
});

test.each([
  ["nonsense", "expected a JSON map or a list of records; nothing was taken"],
  ['{"a":1', "expected the end of a value at byte 7 of the JSON; nothing was taken"],
  [
    '{"a":1}{"b":}',
    "expected a value or another bracket at byte 13 of the JSON; 1 record before it was taken",
  ],
  ['[{"a":1},{"b":2}', "expected the end of a value at byte 17 of the JSON; 2 records before it were taken"],
  ['[{"a":1},', "expected the end of a value at byte 10 of the JSON; 1 record before it was taken"],
  ['[{"a":1}]]', "expected a value at byte 10 of the JSON; 1 record before it was taken"],
])("JSON that is none is refused with its place: %s", async (body, message) => {
  const { answer } = await send(body, { type: JSON_TYPE });
  expect(answer).toMatchObject({
    error: { code: "REQUEST_INVALID", message: `reading the body: ${message}` },
  });
});

test("where JSON is not promised, what is broken is a record and the rest is read", async () => {
  const { records } = await send('{"a":1,\n{"b":2}\n{"c":"x\n{"d":[1,\n2]}\n', { type: "text/plain" });
  expect(records).toEqual(['{"a":1,\n', '{"b":2}', '{"c":"x', '{"d":[1,\n2]}'].map((text) => text.trim()));
  const lines = await send('{"a":1\n{"b":2}\n{"c":3}\n', { type: "text/plain" });
  expect(lines.records).toEqual(['{"a":1', '{"b":2}', '{"c":3}']);
});

test("lines of text stay lines, unless the sender says that they are JSON", async () => {
  const text = '[info] one\n{ two\n"three"\n';
  expect((await send(text, { readsJson: false })).records).toEqual(["[info] one", "{ two", '"three"']);
  const list = JSON.stringify(['<34>one: "x"\ttab', "<34>two ü", { three: 3 }]);
  const { records } = await send(list, { readsJson: false, type: JSON_TYPE, chunk: 5 });
  expect(records.map((record) => Buffer.from(record, "latin1").toString("utf8"))).toEqual([
    '<34>one: "x"\ttab',
    "<34>two ü",
    '{"three":3}',
  ]);
});

test("a list is one record of a sensor that takes lists apart itself", async () => {
  expect((await send('[{"a":1},{"b":2}]', { type: JSON_TYPE, readsLists: true })).records).toEqual([
    '[{"a":1},{"b":2}]',
  ]);
});

test("a record beyond the limit is refused, in whatever layout, and the next is read", async () => {
  const long = JSON.stringify({ text: "x".repeat(100) });
  for (const chunk of [3, 1000]) {
    const { records, refusals, answer } = await send(`[${long}, {"a":1}]`, {
      type: JSON_TYPE,
      max: 50,
      chunk,
    });
    expect(records).toEqual(['{"a":1}']);
    expect(answer).toMatchObject({ accepted: 1, refused: 1 });
    expect(refusals).toMatchObject([{ length: long.length }]);
    expect(Buffer.from(refusals[0]?.head ?? []).toString()).toBe(long.slice(0, refusals[0]?.head.length));
  }
});

test("deep nesting is only counted", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect((await send(`[${deep}]`, { type: JSON_TYPE })).records).toEqual([deep]);
});

test("unpacks gzip, whether announced or not", async () => {
  const packed = gzipSync('[{"a":1},\n{"b":2}]');
  for (const sent of [{ encoding: "gzip" }, { encoding: "x-gzip" }, {}, { type: "application/gzip" }])
    expect((await send(packed, { type: JSON_TYPE, ...sent })).records).toEqual(['{"a":1}', '{"b":2}']);
  const { answer } = await send("not packed", { encoding: "gzip" });
  expect(answer).toMatchObject({ error: { code: "INPUT_UNREADABLE" } });
});

test.each([
  [{ type: "multipart/form-data; boundary=x" }, "the type `multipart/form-data`"],
  [{ type: "image/png" }, "the type `image/png`"],
  [{ type: "application/json; charset=UTF-16LE" }, "the character set `utf-16le`"],
  [{ encoding: "br" }, "the encoding `br`"],
])("%j is refused", async (sent, what) => {
  const { answer, records } = await send('{"a":1}', sent);
  expect(answer).toMatchObject({
    error: { code: "MEDIA_UNSUPPORTED", message: `reading records: ${what} is not understood` },
  });
  expect(records).toEqual([]);
});

test("keeps the complete records of a body that breaks off", async () => {
  const collected = collecting();
  async function* broken() {
    yield Buffer.from('[{"a":1},{"b":2},{"c"');
    throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
  }
  const options = {
    ...collected.context,
    name: "x",
    readsJson: true,
    readsLists: false,
    contentType: JSON_TYPE,
  };
  const error: unknown = await acceptBody(broken(), options).catch((cause: unknown) => cause);
  expect(error).toMatchObject({
    code: "INPUT_UNREADABLE",
    message: "reading x: aborted; 2 records before it were taken",
    details: { records: 2 },
  });
  expect(collected.records).toEqual(['{"a":1}', '{"b":2}']);
});
