/** Requests and answers of an index as bytes that other processes read: JSON, with what JSON has no word for as marked texts. */

/** Stands before a text that is not what it seems: a number, or a text that begins with it. */
const MARK = "\u0001";
const CHUNK_BYTES = 1024 * 1024;

export function encode(value: unknown): Buffer {
  return Buffer.from(
    JSON.stringify(value, (_key, each: unknown) => {
      if (typeof each === "bigint") return `${MARK}n${each}`;
      if (typeof each === "number" && !Number.isFinite(each)) return `${MARK}f${each}`;
      return typeof each === "string" && each.startsWith(MARK) ? `${MARK}s${each}` : each;
    }),
  );
}

/** @throws SyntaxError, RangeError for bytes that `encode` did not make */
export function decode(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return JSON.parse(text, (_key, each: unknown) => {
    if (typeof each !== "string" || !each.startsWith(MARK)) return each;
    const rest = each.slice(2);
    if (each[1] === "n") return BigInt(rest);
    return each[1] === "f" ? Number(rest) : rest;
  });
}

/** An answer in parts that an exchange takes. */
export function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
