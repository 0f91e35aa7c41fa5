import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

/**
 * Results are encrypted where the store is: with AES-256 in counter mode, which can be read from any place, by a key of its own for each
 * result, derived from the store's secret and the result's name (HKDF, RFC 5869).
 */
export type ResultKey = {
  /** Encrypts what is written at a place; bytes of the same place twice must be the same. */
  readonly seal: (bytes: Uint8Array, at: number) => Uint8Array;
  readonly open: (bytes: Uint8Array, at: number) => Uint8Array;
};

const BLOCK = 16;
const PLAIN: ResultKey = { seal: (bytes) => bytes, open: (bytes) => bytes };

/** The key of a result; without a secret what is written is what is there. */
export function resultKey(secret: string | undefined, name: string): ResultKey {
  if (secret === undefined) return PLAIN;
  const key = Buffer.from(hkdfSync("sha256", secret, name, "metron packet results", 32));
  const run = (make: typeof createCipheriv | typeof createDecipheriv, bytes: Uint8Array, at: number) => {
    const counter = Buffer.alloc(BLOCK);
    counter.writeBigUInt64BE(BigInt(Math.floor(at / BLOCK)), 8);
    const cipher = make("aes-256-ctr", key, counter);
    cipher.update(Buffer.alloc(at % BLOCK));
    return cipher.update(bytes);
  };
  return {
    seal: (bytes, at) => run(createCipheriv, bytes, at),
    open: (bytes, at) => run(createDecipheriv, bytes, at),
  };
}
