import { createHash } from "node:crypto";
import type { Seen, Side } from "../reassembly/segment.ts";
import type { SideView } from "../reassembly/view.ts";
import { magicOf } from "./magic.ts";

/** A file that was carved out of a conversation. Its name is what the other side says: data, never a path. */
export type CarvedObject = {
  readonly protocol: "http" | "smtp" | "ftp" | "smb";
  readonly name: string;
  /** What it says it is, and what its first bytes say (`magicOf`). */
  readonly declaredType: string | undefined;
  readonly magicType: string | undefined;
  /** Which side sent it, where it is in the stream of that side, and when it began. */
  readonly side: Side;
  readonly start: number;
  readonly end: number;
  readonly seen: Seen;
  /** Bytes that are there, in order; what is missing between them is in `holes`, as places in the whole object. */
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
  readonly holes: readonly { readonly start: number; readonly end: number }[];
  /** Bytes that are missing, as far as is known. */
  readonly missing: number;
  /** Whether it is whole, as far as its protocol tells. */
  readonly isComplete: boolean;
  /** Of the bytes that are there, as lower-case hex. */
  readonly md5: string;
  readonly sha1: string;
  readonly sha256: string;
  /** What it was in, such as the mail of an attachment; the URL, the command, the share. */
  readonly origin: string;
  readonly notes: readonly string[];
};

/**
 * What carving leaves out: files behind the limit, exchanges of HTTP that are not kept, requests of SMB that wait with too many others, and
 * messages of SMB that nobody can read.
 */
export type LeftOut = "files" | "exchanges" | "requests" | "sealed";

export type ObjectLimits = {
  /** Most objects of a conversation. */
  readonly objects: number;
  /** Is told how many of what were left out, so that a page that shows objects can say so. */
  readonly leave: (what: LeftOut, count: number) => void;
  /** Most bytes that an object may take in memory beside the conversation: decoded, or put together. */
  readonly bytes: number;
  /** How many bytes all objects together may still take so. Carving takes what it needs from it, so that one is shared by many conversations. */
  readonly memory: { left: number };
};

const MOST_BYTES = 256 * 2 ** 20;

/** The limits where none are named; objects of different calls share no memory. */
export function objectLimits(limits: Partial<ObjectLimits> = {}): ObjectLimits {
  const memory = { left: MOST_BYTES };
  return { objects: 10_000, leave: () => undefined, bytes: MOST_BYTES, memory, ...limits };
}

/** What differs between objects; the rest is derived of it. */
export type ObjectSource = Omit<
  CarvedObject,
  "size" | "missing" | "md5" | "sha1" | "sha256" | "magicType" | "isComplete" | "name"
> & {
  readonly name: string;
  /** Whether the protocol says that it came to its end. */
  readonly ended: boolean;
};

/** Makes an object: hashes it, and sees what it is. */
export function carve({ ended, ...source }: ObjectSource): CarvedObject {
  const hashes = ["md5", "sha1", "sha256"].map((name) => createHash(name));
  let size = 0;
  for (const piece of source.pieces) {
    size += piece.length;
    for (const hash of hashes) hash.update(piece);
  }
  const [md5 = "", sha1 = "", sha256 = ""] = hashes.map((hash) => hash.digest("hex"));
  const missing = source.holes.reduce((sum, { start, end }) => sum + end - start, 0);
  const isHeadless = source.holes[0]?.start === 0;
  return {
    ...source,
    name: safeName(source.name),
    magicType: isHeadless ? undefined : magicOf(source.pieces),
    size,
    missing,
    isComplete: ended && missing === 0,
    md5,
    sha1,
    sha256,
  };
}

/** The last part of a path, without control characters, of at most 255 characters. */
function safeName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  const plain = name.replace(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "");
  const last = plain.split(/[/\\]/).findLast((part) => part !== "" && part !== "." && part !== "..");
  return (last ?? "unnamed").slice(0, 255);
}

/** The bytes of stretches of a side and, as places in what they make up, what is missing of them. */
export function gather(view: SideView, ranges: readonly { readonly start: number; readonly end: number }[]) {
  const pieces: Uint8Array[] = [];
  const holes: { start: number; end: number }[] = [];
  let at = 0;
  for (const range of ranges) {
    for (const { bytes, length } of view.parts(range.start, range.end)) {
      if (bytes !== undefined) pieces.push(bytes);
      else if (holes.at(-1)?.end === at) holes[holes.length - 1]!.end += length;
      else holes.push({ start: at, end: at + length });
      at += length;
    }
  }
  return { pieces, holes, length: at };
}
