import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RESULT } from "./result-files.ts";

/**
 * Results are encrypted where the store is: with AES-256 in counter mode, which can be read from any place, by a key of its own for each
 * run of a query, derived from the store's secret, the result's name and a salt in its folder (HKDF, RFC 5869). Without the salt, a query that
 * begins again after a restart would encrypt other bytes by the same key and counter, and both would tell of each other.
 */
export type ResultKey = {
  /** Encrypts what is written at a place; bytes of the same place twice must be the same. */
  readonly seal: (bytes: Uint8Array, at: number) => Uint8Array;
  readonly open: (bytes: Uint8Array, at: number) => Uint8Array;
};

const BLOCK = 16;
const PLAIN: ResultKey = { seal: (bytes) => bytes, open: (bytes) => bytes };

const SALT_BYTES = 16;

/** A key for what a query is about to write to a folder. Throws what writing throws. */
export function newResultKey(folder: string, secret: string | undefined, name: string): ResultKey {
  if (secret === undefined) return PLAIN;
  const salt = randomBytes(SALT_BYTES);
  writeFileSync(join(folder, RESULT.salt), salt, { flush: true });
  return keyOf(secret, name, salt);
}

/** The key of what a query wrote to a folder; without a secret what is written is what is there. */
export async function resultKey(
  folder: string,
  secret: string | undefined,
  name: string,
): Promise<ResultKey> {
  return secret === undefined ? PLAIN : keyOf(secret, name, await saltOf(folder));
}

/** Results of earlier versions, and those of queries that wait, have none. */
async function saltOf(folder: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, RESULT.salt));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function keyOf(secret: string, name: string, salt: Buffer): ResultKey {
  const whole = Buffer.concat([Buffer.from(name), salt]);
  const key = Buffer.from(hkdfSync("sha256", secret, whole, "metron packet results", 32));
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
