/**
 * Text to bytes and back.
 *
 * Node's Buffer decodes a short span about four times as fast as TextDecoder; the browser has only the latter, so
 * the choice is made once, here, and nothing else in the portable layers asks which platform it is on.
 */

type NodeBuffer = Uint8Array & {
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, at: number): number;
};
type BufferClass = { from(buffer: ArrayBufferLike, offset: number, length: number): NodeBuffer };

const nodeBuffer = (globalThis as unknown as { Buffer?: BufferClass }).Buffer;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Decodes bytes[start, end) as UTF-8; malformed sequences become U+FFFD. */
export const decodeText: (bytes: Uint8Array, start: number, end: number) => string =
  nodeBuffer === undefined
    ? (bytes, start, end) => decoder.decode(bytes.subarray(start, end))
    : (bytes, start, end) => (bytes as NodeBuffer).utf8Slice(start, end);

/** Allocates zeroed bytes of the kind `decodeText` is fast on (a Buffer where there is one). */
export function allocateBytes(length: number): Uint8Array<ArrayBuffer> {
  const memory = new ArrayBuffer(length);
  return asBytes(memory, 0, length);
}

/** A byte view over existing memory, of the kind `decodeText` requires: in Node only Buffers may be passed to it. */
export function asBytes(memory: ArrayBufferLike, offset: number, length: number): Uint8Array<ArrayBuffer> {
  return (
    nodeBuffer === undefined
      ? new Uint8Array(memory, offset, length)
      : nodeBuffer.from(memory, offset, length)
  ) as Uint8Array<ArrayBuffer>;
}

/** Encodes text as UTF-8 into `target` at `at`, which must have room for 3 bytes a UTF-16 unit. Returns the bytes written. */
export function encodeInto(text: string, target: Uint8Array, at: number): number {
  if (text.length < 24) {
    // A native call costs more than a few dozen characters: short ASCII is copied here.
    let index = 0;
    for (; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 127) break;
      target[at + index] = unit;
    }
    if (index === text.length) return index;
  }
  return encoder.encodeInto(text, target.subarray(at)).written;
}

/** Encodes text as UTF-8 into fresh bytes. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(text);
  return asBytes(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
