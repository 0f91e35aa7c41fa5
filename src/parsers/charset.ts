import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { Fault } from "../core/fault.ts";
import { isRejection } from "../core/rejection.ts";
import { encodeText } from "../core/text.ts";
import type { Parse, Parsed } from "./parser.ts";

/** The option that most parsers share. */
export const readCharset = z
  .string()
  .default("UTF-8")
  .describe("Character set of the records, by its Java or IANA name.");

type Decode = (bytes: Uint8Array) => string;

/** Java's names for what the web calls otherwise. */
const ALIASES: Record<string, string> = { "x-windows-949": "euc-kr", utf8: "utf-8", cp1252: "windows-1252" };

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
  const label = name.toLowerCase();
  if (label === "utf-8" || label === "utf8" || label === "us-ascii" || label === "ascii") return undefined;
  // The web reads this label as windows-1252, Java as what it says.
  if (label === "iso-8859-1" || label === "latin1") return latin1;
  if (label === "utf-16") return utf16;
  try {
    const decoder = new TextDecoder(ALIASES[label] ?? label);
    return (bytes) => decoder.decode(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new Fault("CONFIG_INVALID", `readCharset: unknown character set "${name}"`, { cause });
    }
    throw cause;
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A mark at the start tells the order of bytes; without one it is big-endian, as in Java. */
function utf16(bytes: Uint8Array): string {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(little ? "utf-16le" : "utf-16be").decode(bytes);
}
