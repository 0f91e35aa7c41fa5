import { encodeText } from "../../core/text.ts";
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
import { ByteWriter } from "./bytes.ts";
import { Reservoir } from "./reservoir.ts";
import { MAX_DEPTH, SKETCHES, type Sketch, TAG, VERSION } from "./stored-format.ts";

/**
 * A value as the bytes that `restoreValue` reads.
 *
 * @throws StellarError when it holds something that cannot be stored, such as a lambda.
 */
export function storeValue(value: Value): Uint8Array {
  const out = new ByteWriter(VERSION);
  write(out, value, 0);
  return out.finish();
}

/** Writes a value among others; `readValue` reads it. @throws StellarError as `storeValue` */
export function writeValue(out: ByteWriter, value: Value): void {
  write(out, value, 0);
}

function write(out: ByteWriter, value: Value, depth: number): void {
  if (depth > MAX_DEPTH)
    throw new StellarError(`a value that nests deeper than ${MAX_DEPTH} cannot be stored`);
  if (value === null) {
    out.byte(TAG.NULL);
  } else if (typeof value === "boolean") {
    out.byte(value ? TAG.TRUE : TAG.FALSE);
  } else if (typeof value === "number") {
    out.byte(value < 0 ? TAG.NEGATIVE_INT : TAG.INT);
    out.varint(Math.abs(value));
  } else if (typeof value === "bigint") {
    out.byte(TAG.LONG);
    out.long(value);
  } else if (typeof value === "string" || value instanceof Char) {
    out.byte(typeof value === "string" ? TAG.STRING : TAG.CHAR);
    writeText(out, typeof value === "string" ? value : value.value);
  } else if (value instanceof Double || value instanceof Float) {
    out.byte(value instanceof Double ? TAG.DOUBLE : TAG.FLOAT);
    out.double(value.value);
  } else if (Array.isArray(value)) {
    writeAll(out, TAG.LIST, value, depth);
  } else if (value instanceof StellarSet) {
    writeAll(out, TAG.SET, [...value], depth);
  } else if (value instanceof StellarMap) {
    writeAll(out, TAG.MAP, Array.from(value).flat(), depth);
  } else if (value instanceof Lambda) {
    throw new StellarError("a lambda cannot be stored");
  } else {
    writeOpaque(out, value, depth);
  }
}

function writeOpaque(out: ByteWriter, value: Opaque, depth: number): void {
  if (value instanceof Reservoir) {
    const { size, seen, random } = value.state;
    writeAll(out, TAG.SAMPLER, [...value.values], depth);
    for (const number of [size, seen, random]) out.varint(number);
    return;
  }
  const isSketch = SKETCHES.some((sketch) => value instanceof (sketch as unknown as new () => Sketch));
  if (!isSketch) throw new StellarError(`a ${typeName(value)} cannot be stored`);
  out.byte(TAG.SKETCH);
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
