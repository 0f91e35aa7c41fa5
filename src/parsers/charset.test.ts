import { expect, test } from "vitest";
import { Rejection } from "../core/rejection.ts";
import { charsetOf, inCharset } from "./charset.ts";

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

// By the tables of Unicode; what a set has no sign for becomes one question mark, as in Java.
test.each([
  ["utf-16", "aé", "feff006100e9"],
  ["UTF-16LE", "aé", "6100e900"],
  ["ISO-8859-1", "aé€", "61e93f"],
  ["ISO8859_1", "é", "e9"],
  ["US-ASCII", "aé", "613f"],
  ["Cp1252", "€😀", "803f"],
  ["x-windows-949", "한", "c7d1"],
  ["windows-31j", "日本", "93fa967b"],
  ["GB18030", "😀", "9439fc36"],
  ["ISO-8859-1", "a\ud800", "613f"],
])("%s has %j as %s", (name, text, bytes) => {
  expect(hex(charsetOf(name)?.encode(text))).toBe(bytes);
});

test.each([
  ["US-ASCII", "61e9", "a\ufffd"],
  ["UTF-16", "0061", "a"],
  ["UTF-16", "fffe6100", "a"],
  ["UTF-16BE", "d8000061", "\ufffda"],
  ["ISO-8859-1", "80", "\u0080"],
  ["x-windows-949", "c7d1", "한"],
  ["KOI8_R", "d2d5", "ру"],
])("%s reads %s as %j", (name, bytes, text) => {
  expect(charsetOf(name)?.decode(Buffer.from(bytes, "hex"))).toBe(text);
});

test.each(["EBCDIC", "hex", "base-64", "", "constructor"])("%j is no character set", (name) => {
  expect(charsetOf(name)).toBeUndefined();
  expect(() => inCharset(name, { parseRecord: () => new Rejection("parser_error", "") })).toThrow(
    `unknown character set "${name}"`,
  );
});

test("records in a character set that the platform alone reads", () => {
  const parse = inCharset("ISO-2022-JP", {
    parseRecord: (record) => ({ text: Buffer.from(record).toString() }),
  });
  if (!("parseRecord" in parse)) throw new Error("a parser of records");
  const record = Buffer.from("1b2442467c1b2842", "hex");
  expect(parse.parseRecord(record)).toEqual({ text: "日", original_string: "日" });
});
