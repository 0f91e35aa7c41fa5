import { asBytes, decodeText } from "../../core/text.ts";
import { Char, Double, Float, StellarMap, StellarSet, type Value } from "../values/value.ts";
import { ByteReader } from "./bytes.ts";
import { Reservoir } from "./reservoir.ts";
import { MAX_DEPTH, SKETCHES, TAG, VERSION } from "./stored-format.ts";

/**
 * A Stellar value that was stored as bytes. Types are kept (1, 1L and 1.0 stay apart), sketches included; the first
 * byte is the version of the format.
 *
 * @throws StellarError when the bytes are damaged.
 */
export function restoreValue(bytes: Uint8Array): Value {
  return read(new ByteReader(bytes, VERSION, "stored value"), 0);
}

/** Reads a value that `writeValue` wrote among others. @throws StellarError when the bytes are damaged */
export function readValue(source: ByteReader): Value {
  return read(source, 0);
}

function read(source: ByteReader, depth: number): Value {
  if (depth > MAX_DEPTH) throw source.damage();
  const tag = source.byte();
  switch (tag) {
    case TAG.NULL:
      return null;
    case TAG.FALSE:
      return false;
    case TAG.TRUE:
      return true;
    case TAG.INT:
      return source.varint() | 0;
    case TAG.NEGATIVE_INT:
      return -source.varint() | 0;
    case TAG.LONG:
      return source.long();
    case TAG.DOUBLE:
      return new Double(source.double());
    case TAG.FLOAT:
      return new Float(source.double());
    case TAG.CHAR:
      return new Char(readText(source));
    case TAG.STRING:
      return readText(source);
    case TAG.LIST:
      return readAll(source, depth);
    case TAG.SET:
      return new StellarSet(readAll(source, depth));
    case TAG.MAP: {
      const flat = readAll(source, depth);
      const map = new StellarMap();
      for (let index = 0; index + 1 < flat.length; index += 2)
        map.set(flat[index] ?? null, flat[index + 1] ?? null);
      return map;
    }
    case TAG.SAMPLER: {
      const values = readAll(source, depth);
      return Reservoir.restore(
        { size: source.varint(), seen: source.varint(), random: source.varint() },
        values,
      );
    }
    case TAG.SKETCH: {
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
