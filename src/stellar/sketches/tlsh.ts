/**
 * TLSH, the locality sensitive hash of Oliver, Cheng and Chen (2013): inputs that share most of their bytes get
 * hashes at a small distance. The text form is that of TLSH 3, without the later `T1` prefix.
 *
 * Windows, buckets and codes have fixed lengths, so array reads are asserted with `!`.
 */
import { StellarError } from "../language/error.ts";
import { bytesToHex, hexToBytes } from "./hex.ts";

export type TlshOptions = {
  /** Buckets that go into the code. */
  readonly buckets: 128 | 256;
  readonly checksumBytes: 1 | 3;
  /** Accept from 50 bytes on instead of 256. */
  readonly force: boolean;
};

const WINDOW = 5;
const LEAST = 256;
const LEAST_FORCED = 50;

/** The permutation of Pearson's "Fast hashing of variable-length text strings" (CACM 33, 1990). */
const PEARSON = hexToBytes(
  "0157310cb0b266a679c10654f9e62ca30ec5d5b5a155da5040ef18e2ec8e26c86eb168678dfdff324d6551122d601fde" +
    "196bbe4656edf02248f214d6f4e395eb61ea39163cfa52afd0057fc76f3e87f8aea9d33a429a6ac3f5ab11bbb6b300f3" +
    "8438944b80859e64827e5b0d99f6d8db7744df4e5358c9637a0b5c208872340a8a1e30b79c233d1a8f4afb5e81a23f98" +
    "aa0773a7f1ce0396373b97dc5a3517837dad0fee4f5f59106989e1e0d9a0257b7649029d2e74099186e4cfd4cad745e5" +
    "1bbc437ca8fc2a041d6c15f713cd27cbe928ba93c6c09b21a4bf62cca5b4754c8c24d2ac29369f08b9e871c4e72f9278" +
    "33411c90fedd5dbdc28b702b476db8d1",
);

/** The hash as upper-case hex, or undefined when there are too few bytes or too little variety in them. */
export function tlsh(bytes: Uint8Array, options: TlshOptions): string | undefined {
  if (bytes.length < (options.force ? LEAST_FORCED : LEAST)) return undefined;
  const buckets = new Uint32Array(256);
  const checksum = new Uint8Array(options.checksumBytes);
  for (let at = WINDOW - 1; at < bytes.length; at++) {
    const newest = bytes[at]!;
    const last = bytes[at - 1]!;
    const third = bytes[at - 2]!;
    const fourth = bytes[at - 3]!;
    const fifth = bytes[at - 4]!;
    for (let index = 0; index < checksum.length; index++) {
      checksum[index] = pearson(index === 0 ? 0 : checksum[index - 1]!, newest, last, checksum[index]!);
    }
    // Six of the triplets a window holds, each with a salt of its own.
    buckets[pearson(2, newest, last, third)]!++;
    buckets[pearson(3, newest, last, fourth)]!++;
    buckets[pearson(5, newest, third, fourth)]!++;
    buckets[pearson(7, newest, third, fifth)]!++;
    buckets[pearson(11, newest, last, fifth)]!++;
    buckets[pearson(13, newest, fourth, fifth)]!++;
  }
  const counted = buckets.subarray(0, options.buckets);
  if (counted.reduce((used, count) => used + (count > 0 ? 1 : 0), 0) <= options.buckets / 2) return undefined;
  const sorted = counted.toSorted();
  const quarter = options.buckets / 4;
  const [q1, q2, q3] = [sorted[quarter - 1]!, sorted[2 * quarter - 1]!, sorted[3 * quarter - 1]!];
  if (q3 === 0) return undefined;
  const ratio = (q: number): number => Math.trunc(Math.fround(Math.fround(q * 100) / Math.fround(q3))) & 15;
  const header = [...checksum, lengthCode(bytes.length)].map((byte) => ((byte & 15) << 4) | (byte >>> 4));
  const code = Array.from({ length: quarter }, (_, index) =>
    [3, 2, 1, 0].reduce((bits, part) => {
      const count = counted[4 * index + part]!;
      return (bits << 2) | (count > q3 ? 3 : count > q2 ? 2 : count > q1 ? 1 : 0);
    }, 0),
  );
  return bytesToHex([...header, (ratio(q1) << 4) | ratio(q2), ...code.reverse()]).toUpperCase();
}

/**
 * The distance of two hashes of the same options: 0 for equal ones, above 100 for unrelated inputs. The length of the
 * inputs counts only on demand.
 */
export function tlshDistance(left: string, right: string, includeLength: boolean): number {
  if (left === right) return 0;
  const [a, b] = [parse(left), parse(right)];
  if (a.code.length !== b.code.length || a.checksum.length !== b.checksum.length) {
    throw new StellarError("TLSH hashes of different options cannot be compared");
  }
  const length = includeLength ? circular(a.length, b.length, 256) : 0;
  let distance = length <= 1 ? length : length * 12;
  for (const [x, y] of [
    [a.q1, b.q1],
    [a.q2, b.q2],
  ] as const) {
    const step = circular(x, y, 16);
    distance += step <= 1 ? step : (step - 1) * 12;
  }
  if (a.checksum.some((byte, index) => byte !== b.checksum[index])) distance++;
  for (let index = 0; index < a.code.length; index++) {
    for (let shift = 0; shift < 8; shift += 2) {
      const step = Math.abs(((a.code[index]! >>> shift) & 3) - ((b.code[index]! >>> shift) & 3));
      distance += step === 3 ? 6 : step;
    }
  }
  return distance;
}

type Parsed = {
  readonly checksum: Uint8Array;
  readonly length: number;
  readonly q1: number;
  readonly q2: number;
  readonly code: Uint8Array;
};

/** Hex digits of a hash: two each for checksum bytes, length and ratios, then the code. */
const CHECKSUM_BYTES = new Map([
  [70, 1],
  [74, 3],
  [134, 1],
  [138, 3],
]);

function parse(text: string): Parsed {
  // Later versions mark their hashes, which are otherwise alike.
  const hash = text.length % 4 === 0 && /^T1/i.test(text) ? text.slice(2) : text;
  const checksumBytes = CHECKSUM_BYTES.get(hash.length);
  if (checksumBytes === undefined || !/^[0-9a-fA-F]+$/.test(hash)) {
    throw new StellarError(`\`${hash.slice(0, 150)}\` is not a TLSH hash`);
  }
  const bytes = hexToBytes(hash);
  const length = bytes[checksumBytes]!;
  const ratios = bytes[checksumBytes + 1]!;
  return {
    checksum: bytes.subarray(0, checksumBytes),
    length: ((length & 15) << 4) | (length >>> 4),
    q1: ratios >>> 4,
    q2: ratios & 15,
    code: bytes.subarray(checksumBytes + 2),
  };
}

function pearson(salt: number, first: number, second: number, third: number): number {
  return PEARSON[PEARSON[PEARSON[PEARSON[salt]! ^ first]! ^ second]! ^ third]!;
}

/** The distance of two numbers on a circle of that many. */
function circular(left: number, right: number, size: number): number {
  const straight = Math.abs(left - right);
  return Math.min(straight, size - straight);
}

/** The logarithm of the length, at a base that shrinks as inputs grow; constants as published with TLSH. */
function lengthCode(length: number): number {
  const log = Math.log(length);
  if (length <= 656) return Math.floor(log / 0.4054651) & 255;
  if (length <= 3199) return Math.floor(log / 0.26236426 - 8.72777) & 255;
  return Math.floor(log / 0.09531018 - 62.5472) & 255;
}
