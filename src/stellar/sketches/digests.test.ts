import { describe, expect, test } from "vitest";
import { entropy } from "./entropy.ts";
import { centroid, decodeGeohash, distance, encodeGeohash } from "./geohash.ts";
import { bytesToHex } from "./hex.ts";
import { md2 } from "./md2.ts";
import { tlsh, tlshDistance } from "./tlsh.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// RFC 1319, appendix A.5.
test.each([
  ["", "8350e5a3e24c153df2275c9f80692773"],
  ["a", "32ec01ec4a6dac72c0ab96fb34c0b5d1"],
  ["abc", "da853b0d3f88d99b30283a69e6ded6bb"],
  ["message digest", "ab4f496bfb2a530b219ff33031fe06b0"],
  ["abcdefghijklmnopqrstuvwxyz", "4e8ddff3650292ab5a4108c3aa47940b"],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "da33def2a42df13975352846c30338cd"],
  [
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    "d5976f79d83d3a0dc9806c3c66f3efd8",
  ],
])("MD2 of %j", (text, digest) => {
  expect(bytesToHex(md2(bytes(text)))).toBe(digest);
});

describe("TLSH", () => {
  const paragraph = Array.from(
    { length: 40 },
    (_, index) => `line ${index * 7919} of a log about ${index ** 3}\n`,
  ).join("");
  const edited = paragraph.replace("line 0", "Line 0");
  const other = Array.from({ length: 300 }, (_, index) =>
    String.fromCharCode(33 + ((index * index * 31) % 90)),
  ).join("");

  test.each([
    [128, 1, 70],
    [128, 3, 74],
    [256, 1, 134],
    [256, 3, 138],
  ] as const)("%i buckets, %i checksum bytes", (buckets, checksumBytes, length) => {
    const options = { buckets, checksumBytes, force: true } as const;
    const hash = tlsh(bytes(paragraph), options)!;
    expect(hash).toMatch(new RegExp(`^[0-9A-F]{${length}}$`));
    const near = tlshDistance(hash, tlsh(bytes(edited), options)!, false);
    const far = tlshDistance(hash, tlsh(bytes(other), options) ?? hash.replaceAll("1", "E"), true);
    expect(near).toBeLessThan(30);
    expect(far).toBeGreaterThan(near);
  });

  test("needs enough bytes and enough variety", () => {
    const forced = { buckets: 128, checksumBytes: 1, force: true } as const;
    expect(tlsh(bytes(other.slice(0, 49)), forced)).toBeUndefined();
    expect(tlsh(bytes("a".repeat(1000)), forced)).toBeUndefined();
    expect(tlsh(bytes(other.slice(0, 255)), { ...forced, force: false })).toBeUndefined();
    expect(tlsh(bytes(other.slice(0, 256)), { ...forced, force: false })).toBeDefined();
  });

  test("reads hashes of later versions, which begin with T1", () => {
    const hash = tlsh(bytes(paragraph), { buckets: 128, checksumBytes: 1, force: true })!;
    expect(tlshDistance(hash, `T1${hash}`, true)).toBe(0);
  });

  test("refuses what is no hash", () => {
    expect(() => tlshDistance("abc", "abd", false)).toThrow("`abc` is not a TLSH hash");
    expect(() => tlshDistance("0".repeat(70), "0".repeat(74), false)).toThrow("different options");
  });
});

describe("geohash", () => {
  // The examples of the format's first description: a point in Jutland and one in New York.
  test.each([
    [57.64911, 10.40744, "u4pruydqqvj"],
    [40.74857, -73.985752, "dr5ru6j1xh0"],
    [-25.382708, -49.265506, "6gkzwgjzn820"],
    [0, 0, "s00000000000"],
    [-90, -180, "000000000000"],
    [90, 180, "zzzzzzzzzzzz"],
  ])("%f, %f is %s", (latitude, longitude, hash) => {
    expect(encodeGeohash({ latitude, longitude }, 12).slice(0, hash.length)).toBe(hash);
    const back = decodeGeohash(hash);
    expect(back.latitude).toBeCloseTo(latitude, 4);
    expect(back.longitude).toBeCloseTo(longitude, 4);
  });

  test("distances", () => {
    const paris = { latitude: 48.8566, longitude: 2.3522 };
    const tokyo = { latitude: 35.6762, longitude: 139.6503 };
    for (const name of ["HAVERSINE", "LAW_OF_COSINES", "VICENTY"] as const) {
      expect(distance(paris, tokyo, name)).toBeCloseTo(9711.7, 0);
      expect(distance(paris, paris, name)).toBeCloseTo(0, 3);
      expect(distance({ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 0 }, name)).toBeCloseTo(
        20015.1,
        0,
      );
    }
  });

  test("centroid", () => {
    const points = [0, 90, 180, -90].map((longitude) => ({ latitude: 60, longitude }));
    expect(centroid(points.map((point) => [point, 1]))?.latitude).toBeCloseTo(90, 9);
    expect(centroid([])).toBeUndefined();
  });

  test("refuses", () => {
    expect(() => encodeGeohash({ latitude: 91, longitude: 0 }, 12)).toThrow("not on the globe");
    expect(() => encodeGeohash({ latitude: 0, longitude: 0 }, 13)).toThrow("at most 12");
    expect(() => decodeGeohash("abc")).toThrow("`a` cannot occur");
  });
});

test("entropy", () => {
  expect(entropy([])).toBe(0);
  expect(entropy([5])).toBe(0);
  expect(entropy([10, 5, 5])).toBe(1.5);
  expect(entropy(new Array(256).fill(3))).toBe(8);
});
