import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

/**
 * Encryption at rest: AES-256-GCM (NIST SP 800-38D) by a key of its own for each segment, derived from the store's secret and the segment's
 * salt (HKDF, RFC 5869). A block begins with its nonce, which is random, and ends with its tag; its header is authenticated with it.
 */

export const SALT_BYTES = 16;
export const CHECK_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const ALGORITHM = "aes-256-gcm";

/** A segment's key. */
export type SegmentKey = {
  /** What the segment's header says of the key, so that a wrong one is told from damage. */
  readonly check: Uint8Array;
  seal(plain: Uint8Array, header: Uint8Array): Uint8Array;
  /** Undefined when the bytes are not what was sealed. */
  open(sealed: Uint8Array, header: Uint8Array): Uint8Array | undefined;
};

/** The key of the segment with this salt. */
export function segmentKey(secret: string, salt: Uint8Array): SegmentKey {
  const key = Buffer.from(hkdfSync("sha256", secret, salt, "metron packets", KEY_BYTES));
  const check = createHmac("sha256", key).update("check").digest().subarray(0, CHECK_BYTES);
  return {
    check,
    seal(plain, header) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(header);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, header) {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const end = sealed.length - TAG_BYTES;
      const cipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES))
        .setAAD(header)
        .setAuthTag(sealed.subarray(end));
      const plain = cipher.update(sealed.subarray(NONCE_BYTES, end));
      try {
        cipher.final();
        return plain;
      } catch {
        return undefined;
      }
    },
  };
}

export function newSalt(): Uint8Array {
  return randomBytes(SALT_BYTES);
}
