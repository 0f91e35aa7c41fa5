/**
 * Any Stellar value as bytes and back, for profiles, tables and objects. Types are kept (1, 1L and 1.0 stay apart),
 * sketches included; lambdas cannot be stored. The first byte is the version of the format.
 */
import { asBytes, decodeText, encodeText } from "../../core/text.ts";
import { StellarError } from "../language/error.ts";
import { checkTextSize, intoParts } from "../values/budget.ts";
import {
  Char,
  Double,
  Float,
  Lambda,
  type Opaque,
  StellarMap,
  StellarSet,
  typeName,
  type Value,
} from "../values/value.ts";
import { BloomFilter } from "./bloom.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { MadState } from "./mad.ts";
import { Reservoir } from "./reservoir.ts";
import { OnlineStatistics } from "./statistics.ts";
import { WindowedStatistics } from "./windowed-statistics.ts";

const VERSION = 1;
const MAX_DEPTH = 100;

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const INT = 3;
const NEGATIVE_INT = 4;
const LONG = 5;
const DOUBLE = 6;
const FLOAT = 7;
const CHAR = 8;
const STRING = 9;
const LIST = 10;
const SET = 11;
const MAP = 12;
const SAMPLER = 13;
const SKETCH = 14;

type Sketch = Opaque & { toBytes(): Uint8Array };
type SketchClass = { readonly tag: number; fromBytes(bytes: Uint8Array): Sketch };

/** The sketches that write themselves, told apart by their first byte. */
const SKETCHES: readonly SketchClass[] = [
  BloomFilter,
  HyperLogLog,
  MadState,
  OnlineStatistics,
  WindowedStatistics,
];

/** A value as bytes; a StellarError when it holds something that cannot be stored. */
export function storeValue(value: Value): Uint8Array {
  const out = new ByteWriter(VERSION);
  write(out, value, 0);
  return out.finish();
}

/** The value that `storeValue` made bytes of; a StellarError when the bytes are damaged. */
export function restoreValue(bytes: Uint8Array): Value {
  return read(new ByteReader(bytes, VERSION, "stored value"), 0);
}

function write(out: ByteWriter, value: Value, depth: number): void {
  if (depth > MAX_DEPTH)
    throw new StellarError(`a value that nests deeper than ${MAX_DEPTH} cannot be stored`);
  if (value === null) {
    out.byte(NULL);
  } else if (typeof value === "boolean") {
    out.byte(value ? TRUE : FALSE);
  } else if (typeof value === "number") {
    out.byte(value < 0 ? NEGATIVE_INT : INT);
    out.varint(Math.abs(value));
  } else if (typeof value === "bigint") {
    out.byte(LONG);
    out.long(value);
  } else if (typeof value === "string" || value instanceof Char) {
    out.byte(typeof value === "string" ? STRING : CHAR);
    writeText(out, typeof value === "string" ? value : value.value);
  } else if (value instanceof Double || value instanceof Float) {
    out.byte(value instanceof Double ? DOUBLE : FLOAT);
    out.double(value.value);
  } else if (Array.isArray(value)) {
    writeAll(out, LIST, value, depth);
  } else if (value instanceof StellarSet) {
    writeAll(out, SET, [...value], depth);
  } else if (value instanceof StellarMap) {
    writeAll(out, MAP, Array.from(value).flat(), depth);
  } else if (value instanceof Lambda) {
    throw new StellarError("a lambda cannot be stored");
  } else {
    writeOpaque(out, value, depth);
  }
}

function writeOpaque(out: ByteWriter, value: Opaque, depth: number): void {
  if (value instanceof Reservoir) {
    const { size, seen, random } = value.state;
    writeAll(out, SAMPLER, [...value.values], depth);
    for (const number of [size, seen, random]) out.varint(number);
    return;
  }
  const isSketch = SKETCHES.some((sketch) => value instanceof (sketch as unknown as new () => Sketch));
  if (!isSketch) throw new StellarError(`a ${typeName(value)} cannot be stored`);
  out.byte(SKETCH);
  out.block((value as Sketch).toBytes());
}

function writeAll(out: ByteWriter, tag: number, values: readonly Value[], depth: number): void {
  out.byte(tag);
  out.varint(values.length);
  intoParts(values.length, () => {
    for (const value of values) {
      write(out, value, depth + 1);
      checkTextSize(out.size);
    }
  });
}

/** Half a surrogate pair has no UTF-8: such text is kept as JSON, behind a mark that no other text begins with. */
function writeText(out: ByteWriter, text: string): void {
  const isPlain = text.isWellFormed() && text.charCodeAt(0) !== 0;
  out.block(encodeText(isPlain ? text : `\0${JSON.stringify(text)}`));
}

function read(source: ByteReader, depth: number): Value {
  if (depth > MAX_DEPTH) throw source.damage();
  const tag = source.byte();
  switch (tag) {
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case INT:
      return source.varint() | 0;
    case NEGATIVE_INT:
      return -source.varint() | 0;
    case LONG:
      return source.long();
    case DOUBLE:
      return new Double(source.double());
    case FLOAT:
      return new Float(source.double());
    case CHAR:
      return new Char(readText(source));
    case STRING:
      return readText(source);
    case LIST:
      return readAll(source, depth);
    case SET:
      return new StellarSet(readAll(source, depth));
    case MAP: {
      const flat = readAll(source, depth);
      const map = new StellarMap();
      for (let index = 0; index + 1 < flat.length; index += 2)
        map.set(flat[index] ?? null, flat[index + 1] ?? null);
      return map;
    }
    case SAMPLER: {
      const values = readAll(source, depth);
      return Reservoir.restore(
        { size: source.varint(), seen: source.varint(), random: source.varint() },
        values,
      );
    }
    case SKETCH: {
      const bytes = source.block();
      const sketch = SKETCHES.find((candidate) => candidate.tag === bytes[0]);
      if (sketch === undefined) throw source.damage();
      return sketch.fromBytes(bytes);
    }
    default:
      throw source.damage();
  }
}

function readAll(source: ByteReader, depth: number): Value[] {
  return Array.from({ length: source.count(1) }, () => read(source, depth + 1));
}

function readText(source: ByteReader): string {
  const block = source.block();
  // `decodeText` wants the platform's own kind of bytes.
  const text = decodeText(asBytes(block.buffer, block.byteOffset, block.length), 0, block.length);
  if (text.charCodeAt(0) !== 0) return text;
  try {
    return String(JSON.parse(text.slice(1)));
  } catch (error) {
    if (error instanceof SyntaxError) throw source.damage();
    throw error;
  }
}
