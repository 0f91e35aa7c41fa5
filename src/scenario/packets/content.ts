/** Bytes that somebody says, made when they are asked for: telemetry needs their number alone. */
import { encodeText } from "../../core/text.ts";

export type Content = { readonly length: number; readonly make: () => Uint8Array };

/** A text in UTF-8, or bytes, as they are. */
export function said(what: string | Uint8Array): Content {
  const bytes = typeof what === "string" ? encodeText(what) : what;
  return { length: bytes.length, make: () => bytes };
}

/** Bytes of a length that is known before they are made. */
export function later(length: number, make: () => Uint8Array): Content {
  return { length, make };
}

/** Contents one after another. */
export function joined(...parts: readonly Content[]): Content {
  return {
    length: parts.reduce((sum, part) => sum + part.length, 0),
    make: () => join(...parts.map((part) => part.make())),
  };
}

/** Bytes without any order, as encryption leaves them. */
export function noise(length: number, seed: number): Content {
  return {
    length,
    make() {
      const bytes = new Uint8Array(length);
      let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
      for (let at = 0; at < length; at++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bytes[at] = state >>> 11;
      }
      return bytes;
    },
  };
}

const PROSE =
  "The company makes parts of metal for machines and buildings. Orders of this week are on time, and the canteen has soup. ";

/** A text that says little, of this many bytes. */
export function prose(length: number): Content {
  return later(length, () => encodeText(PROSE.repeat(Math.ceil(length / PROSE.length)).slice(0, length)));
}

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Numbers in network byte order, and in little-endian order. */
export const big16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const big24 = (value: number): number[] => [(value >>> 16) & 255, ...big16(value)];
export const big32 = (value: number): number[] => [...big16(value >>> 16), ...big16(value)];
export const little16 = (value: number): number[] => [value & 255, (value >>> 8) & 255];
export const little32 = (value: number): number[] => [...little16(value), ...little16(value >>> 16)];
export const little64 = (value: number): number[] => [
  ...little32(value % 2 ** 32),
  ...little32(Math.floor(value / 2 ** 32)),
];
