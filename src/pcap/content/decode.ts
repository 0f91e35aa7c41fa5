/** Takes codings off what was said: those of transfer, of content, and of mail. What is damaged gives what can be had, with a note. */
import type { Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import { decodeBase64, decodeQuotedPrintable } from "./base64.ts";
import { ChunkedReader } from "./chunked.ts";
import { expand } from "./expand.ts";
import { cutNote, type Step } from "./step.ts";

export type Coding = "chunked" | "gzip" | "deflate" | "br" | "zstd" | "base64" | "quoted-printable";

export type DecodeLimits = {
  /** Bytes that come out of each coding at most. */
  readonly bytes: number;
  /** How many times as much may come out as goes in, beyond the first megabyte; deflate alone reaches 1,032. */
  readonly ratio: number;
};

const LIMITS: DecodeLimits = { bytes: 256 * 2 ** 20, ratio: 2_000 };

/** Codings over each other that are taken off: senders use one or two, and each may cost as much as the limit of bytes. */
const MOST_CODINGS = 8;

/** Output that no ratio cuts. */
const FREE = 2 ** 20;

export type Decoded = {
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
  /** Whether every coding came to its own end. */
  readonly isComplete: boolean;
  /** What was wrong or cut, one sentence each. */
  readonly notes: readonly string[];
};

/**
 * Takes codings off. No more pieces are read than the limit of bytes needs.
 *
 * @param pieces what is coded, in order; may be read several times
 * @param codings in the order in which they are taken off, the outermost first
 */
export async function decode(
  pieces: Iterable<Uint8Array>,
  codings: readonly Coding[],
  limits: Partial<DecodeLimits> = {},
): Promise<Decoded> {
  const { bytes, ratio } = { ...LIMITS, ...limits };
  const notes: string[] = [];
  let current = pieces;
  // How much goes in only matters where more than a megabyte may come out.
  const limit = bytes <= FREE ? bytes : Math.min(bytes, Math.max(FREE, lengthOf(pieces) * ratio));
  for (const coding of codings.slice(0, MOST_CODINGS)) {
    const { pieces: decoded, note } = await takeOff(coding, current, limit);
    if (note !== undefined) notes.push(`${coding}: ${note}`);
    current = decoded;
  }
  const taken = codings.length === 0 ? upTo(current, bytes) : [...current];
  if (codings.length > MOST_CODINGS)
    notes.push(
      `${codings.length} codings lie over each other; only the first ${MOST_CODINGS} were taken off`,
    );
  return { pieces: taken, length: lengthOf(taken), isComplete: notes.length === 0, notes };
}

/** The codings that a list like `gzip, br` names, the one to take off first in front; undefined when one is not known here. */
export function codingsOf(list: string): readonly Coding[] | undefined {
  const codings: Coding[] = [];
  for (const name of list.toLowerCase().split(",")) {
    const coding = NAMES[name.trim()];
    if (coding === undefined) return undefined;
    if (coding !== "identity") codings.unshift(coding);
  }
  return codings;
}

const NAMES: Readonly<Record<string, Coding | "identity">> = {
  "": "identity",
  identity: "identity",
  chunked: "chunked",
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "br",
  zstd: "zstd",
  base64: "base64",
  "quoted-printable": "quoted-printable",
};

function takeOff(coding: Coding, pieces: Iterable<Uint8Array>, limit: number): Step | Promise<Step> {
  switch (coding) {
    case "chunked":
      return decodeChunked(pieces, limit);
    case "gzip":
      return expand(pieces, createGunzip, limit);
    case "deflate":
      return expand(pieces, deflateOf(pieces), limit);
    case "br":
      return expand(pieces, createBrotliDecompress, limit);
    case "zstd":
      return expand(pieces, createZstdDecompress, limit);
    case "base64":
      return decodeBase64(pieces, limit);
    case "quoted-printable":
      return decodeQuotedPrintable(pieces, limit);
  }
}

/** What calls itself deflate has a header of zlib (RFC 9110, 8.4.1.2), but not all that send it know that. */
function deflateOf(pieces: Iterable<Uint8Array>): () => Transform {
  const [first = 0, second = 0] = Buffer.concat(upTo(pieces, 2));
  return (first & 15) === 8 && (first * 256 + second) % 31 === 0 ? createInflate : createInflateRaw;
}

function decodeChunked(pieces: Iterable<Uint8Array>, limit: number): Step {
  const reader = new ChunkedReader();
  const decoded: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    reader.push(piece, 0, piece.length, (start, end) => {
      const kept = piece.subarray(start, Math.min(end, start + Math.max(0, limit - length)));
      length += end - start;
      if (kept.length > 0) decoded.push(kept);
    });
    if (length > limit) return { pieces: decoded, note: cutNote(limit) };
  }
  const note = reader.broken ?? (reader.isDone ? undefined : "it ends before its last chunk");
  return { pieces: decoded, note };
}

function lengthOf(pieces: Iterable<Uint8Array>): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** The first bytes of what pieces make up, as views: at most that many. */
export function upTo(pieces: Iterable<Uint8Array>, most: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    if (length >= most) break;
    const part = piece.subarray(0, most - length);
    taken.push(part);
    length += part.length;
  }
  return taken;
}
