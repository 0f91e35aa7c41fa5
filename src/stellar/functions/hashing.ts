import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from "@noble/hashes/sha2.js";
import { sha3_224, sha3_256, sha3_384, sha3_512 } from "@noble/hashes/sha3.js";
import { Random } from "../../java/random.ts";
import { StellarError } from "../language/error.ts";
import { defineFunction, defineServiceFunction, type Namespace, raises } from "../language/function.ts";
import { bytesToHex, hexToBytes } from "../sketches/hex.ts";
import { md2 } from "../sketches/md2.ts";
import { type TlshOptions, tlsh, tlshDistance } from "../sketches/tlsh.ts";
import { spend } from "../values/budget.ts";
import { StellarMap, toBoolean, toInteger, toText, type Value } from "../values/value.ts";
import { charsetOf } from "./net/charset.ts";
import { utf8 } from "./net/encodings.ts";

type Digest = (bytes: Uint8Array) => Uint8Array;

/** The digests of a JVM, by their names in upper case. */
const DIGESTS: ReadonlyMap<string, Digest> = new Map<string, Digest>([
  ["MD2", md2],
  ["MD5", md5],
  ["SHA-1", sha1],
  ["SHA-224", sha224],
  ["SHA-256", sha256],
  ["SHA-384", sha384],
  ["SHA-512", sha512],
  ["SHA-512/224", sha512_224],
  ["SHA-512/256", sha512_256],
  ["SHA3-224", sha3_224],
  ["SHA3-256", sha3_256],
  ["SHA3-384", sha3_384],
  ["SHA3-512", sha3_512],
]);
const TLSH = "TLSH";
/** Java 8's name of SHA-1, still accepted. */
const SHA_1_OF_JAVA_8 = "SHA";
/** In the order a current JVM lists them in, which is that of its hash table. */
const AVAILABLE =
  "SHA3-512 SHA-1 SHA-384 TLSH SHA3-384 SHA-224 SHA-512/256 SHA-256 MD2 SHA-512/224 SHA3-256 SHA-512 SHA3-224 MD5".split(
    " ",
  );

const getHashesAvailable = defineFunction({
  name: "GET_HASHES_AVAILABLE",
  summary: "Lists the algorithms that HASH knows.",
  params: [],
  returns: "list",
  examples: [
    ["'SHA-256' in GET_HASHES_AVAILABLE()", true],
    ["GET_HASHES_AVAILABLE(1)", raises("0 arguments")],
  ],
  exact: true,
  pure: false,
  call: () => [...AVAILABLE],
});

const hash = defineServiceFunction({
  name: "HASH",
  summary: "Hashes a value.",
  params: [
    { name: "value", type: "any", about: "The value; a text by its bytes, anything else by its text." },
    { name: "algorithm", type: "text", about: "One of GET_HASHES_AVAILABLE, in any case." },
    {
      name: "config",
      type: "any",
      about:
        "A map: `charset` (UTF-8 unless given); for TLSH `bucketSize` (128 or 256), `checksumBytes` (1 or 3), `force` (true: from 50 bytes on, false: from 256) and `hashes` (a size, or a list of sizes, of bins to sort similar hashes into).",
      optional: true,
    },
  ],
  returns: "any",
  result:
    "Hex; zeros for null; with `hashes` a map of `tlsh` and `tlsh_bin`; null when there is too little for a TLSH hash.",
  examples: [
    ["HASH('foo', 'md5')", "acbd18db4cc2f85cedef654fccc4a4d8"],
    ["HASH(null, 'MD5')", "00000000000000000000000000000000"],
    ["HASH('foo', null)", null],
    ["HASH('too short', 'tlsh')", null],
    ["HASH('foo', 'bogus')", raises("`bogus` is not a hash")],
  ],
  pure: true,
  needs: [],
  call: (services, value, algorithm, given) => {
    if (algorithm === null) return null;
    const name = algorithm.toUpperCase();
    const config = given instanceof StellarMap ? given : new StellarMap();
    if (name === TLSH) return hashSimilar(value, config);
    const digest = DIGESTS.get(name === SHA_1_OF_JAVA_8 ? "SHA-1" : name);
    if (digest === undefined) {
      throw new StellarError(
        `\`${algorithm.slice(0, 100)}\` is not a hash: take one of ${AVAILABLE.join(", ")}`,
      );
    }
    if (value === null) return "00".repeat(digest(new Uint8Array()).length);
    const charset = charsetOf(toText(config.get("charset") ?? "UTF-8"), services);
    const bytes = charset.encode(toText(value));
    spend(bytes.length >> (name === "MD2" ? 2 : 6));
    // The original reads the hex digits back in the same character set, which makes wide ones unreadable.
    return charset.decode(utf8(bytesToHex(digest(bytes))));
  },
});

function hashSimilar(value: Value, config: StellarMap): Value {
  if (value === null) return null;
  const options: TlshOptions = {
    buckets: toInteger(config.get("bucketSize") ?? null) === 256 ? 256 : 128,
    checksumBytes: toInteger(config.get("checksumBytes") ?? null) === 3 ? 3 : 1,
    force: toBoolean(config.get("force") ?? null) ?? true,
  };
  const bytes = utf8(toText(value));
  spend(bytes.length >> 3);
  const found = tlsh(bytes, options);
  if (found === undefined) return null;
  const sizes = sizesOf(config.get("hashes") ?? null);
  if (sizes.length === 0) return found;
  const bins = binsOf(found.slice(2 * options.checksumBytes), sizes);
  const single = sizes.length === 1;
  return new StellarMap([
    ["tlsh", found],
    ...bins.map((bin, index): [Value, Value] => [single ? "tlsh_bin" : `tlsh_bin_${sizes[index]}`, bin]),
  ]);
}

const MAX_BIN = 65_536;

function sizesOf(hashes: Value): number[] {
  return (Array.isArray(hashes) ? hashes : hashes === null ? [] : [hashes]).map((size) => {
    const number = toInteger(size);
    if (number !== null && number <= MAX_BIN) return number;
    throw new StellarError(
      `HASH: \`hashes\` must be numbers up to ${MAX_BIN}, not ${toText(size).slice(0, 100)}`,
    );
  });
}

/**
 * Bits drawn at random from a hash (locality sensitive hashing by sampling): similar hashes often agree in all of
 * them. The draws are Java's with seed 0, so that the same size always samples the same places.
 */
function binsOf(hex: string, sizes: readonly number[]): string[] {
  const bytes = hexToBytes(hex);
  const isSet = (bit: number): boolean => (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
  let length = bytes.length * 8;
  while (length > 0 && !isSet(length - 1)) length--;
  const random = new Random(0);
  return sizes.map((size) => {
    const sample = new Uint8Array(Math.ceil(Math.max(0, size) / 8));
    let used = 0;
    for (let bit = 0; bit < size; bit++) {
      if (!isSet(random.nextInt(length))) continue;
      sample[bit >> 3] = (sample[bit >> 3] ?? 0) | (1 << (bit & 7));
      used = (bit >> 3) + 1;
    }
    return `${size}${bytesToHex(sample.subarray(0, used))}`;
  });
}

const tlshDist = defineFunction({
  name: "TLSH_DIST",
  summary: "Gives the distance of two TLSH hashes: 0 for equal ones, above 100 for unrelated inputs.",
  params: [
    { name: "hash1", type: "string", about: "A hash." },
    { name: "hash2", type: "string", about: "Another hash, made with the same options." },
    {
      name: "includeLength",
      type: "any",
      about: "Whether a difference in the inputs' lengths counts; it does not unless given.",
      optional: true,
    },
  ],
  returns: "integer",
  result: "-1 when a hash is null.",
  examples: [
    [
      "TLSH_DIST('D1F02BEF718027B0160B4391212923ED7F1A463D563B1549B86CF62977B197AD2731F8', '6FF02BEF718027B0160B4391212923ED7F1A463D563B1549B86CF62973B197AD2731F8')",
      2,
    ],
    ["TLSH_DIST(null, 'abc')", -1],
    ["TLSH_DIST('abc', 'abd')", raises("`abc` is not a TLSH hash")],
  ],
  call: (left, right, includeLength) => {
    if (left === null || right === null) return -1;
    return tlshDistance(left, right, toBoolean(includeLength ?? null) ?? false);
  },
});

export const hashing: Namespace = {
  name: "hashing",
  summary: "Digests, and hashes that similar inputs share.",
  functions: [getHashesAvailable, hash, tlshDist],
};
