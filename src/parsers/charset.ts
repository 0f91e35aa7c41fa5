import iconv from "iconv-lite";
import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { Fault } from "../core/fault.ts";
import { isRejection } from "../core/rejection.ts";
import { encodeText } from "../core/text.ts";
import type { Charset } from "../stellar/functions/net/charset.ts";
import type { Parse, Parsed } from "./parser.ts";

/** The option that most parsers share. */
export const readCharset = z
  .string()
  .default("UTF-8")
  .describe("Character set of the records, by its Java or IANA name.");

type Decode = (bytes: Uint8Array) => string;

/** What the library turns bytes into and out of that is no character set. */
const NO_CHARSETS = new Set(["base64", "hex"]);

/** The character set of a Java or IANA name, whatever its case; undefined for one nobody knows. */
export function charsetOf(name: string): Charset | undefined {
  const label = name.toLowerCase();
  if (/^utf-?16$/.test(label)) return { encode: (text) => encode(text, "utf-16be", true), decode: utf16 };
  // Java calls those with an x that have no name elsewhere.
  const known = [label, label.replace(/^x-/, "")].find(iconv.encodingExists);
  if (known === undefined || NO_CHARSETS.has(known.replaceAll(/[^a-z0-9]/g, ""))) return undefined;
  // The library counts a character beyond the first 65,536 twice where it has no sign for it.
  const isNarrow = iconv.encode("\u{1f600}", known).toString("latin1") === "??";
  return {
    encode: (text) => encode(isNarrow ? text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, "?") : text, known),
    decode: (bytes) => decode(bytes, known),
  };
}

function encode(text: string, label: string, addBOM = false): Uint8Array {
  return iconv.encode(text.toWellFormed(), label, { addBOM });
}

function decode(bytes: Uint8Array, label: string): string {
  return iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), label).toWellFormed();
}

/** A mark at the start tells the order of bytes; without one it is big-endian, as in Java. */
function utf16(bytes: Uint8Array): string {
  return decode(bytes, bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-16be");
}

/** Lets a parser that reads UTF-8 read records in another character set; throws CONFIG_INVALID for one nobody knows. */
export function inCharset(name: string, parse: Parse): Parse {
  const decode = decoderOf(name);
  if (decode === undefined) return parse;
  if ("parseRecord" in parse) {
    return {
      ...parse,
      parseRecord: (record) => {
        const text = decode(record);
        return withOriginal(parse.parseRecord(encodeText(text)), text);
      },
    };
  }
  return {
    parseBatch: (batch) => {
      transcode(batch, decode);
      parse.parseBatch(batch);
    },
  };
}

/** Gives messages without an original the text of their record, whose bytes are in another character set. */
function withOriginal(parsed: Parsed, text: string): Parsed {
  for (const part of Array.isArray(parsed) ? parsed : [parsed]) {
    if (!isRejection(part)) part.original_string ??= text;
  }
  return parsed;
}

/** Puts every record into the arena a second time, as UTF-8, and lets the batch point there. */
function transcode(batch: Batch, decode: Decode): void {
  for (let record = 0; record < batch.records; record++) {
    const start = batch.arena.appendText(decode(batch.record(record)));
    batch.recordStarts[record] = start;
    batch.recordEnds[record] = batch.arena.length;
  }
}

function decoderOf(name: string): Decode | undefined {
  if (/^(utf-?8|(us-)?ascii)$/i.test(name)) return undefined;
  const found = charsetOf(name)?.decode ?? webDecoder(name);
  if (found === undefined) throw new Fault("CONFIG_INVALID", `readCharset: unknown character set "${name}"`);
  return found;
}

/** The platform reads a few that the library does not know, such as ISO-2022-JP. */
function webDecoder(name: string): Decode | undefined {
  try {
    const decoder = new TextDecoder(name);
    return (bytes) => decoder.decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
