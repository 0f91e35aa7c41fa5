/** Reads what there is to know of files of models, once per thread as long as they stay as they are. */
import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { type Outline, readOutline } from "./outline.ts";

const MOST_BYTES = 512 * 1024 * 1024;
/** Files that are kept in mind; a sensor opens its stages per partition and again with each document. */
const MOST_KEPT = 100;

/** A file of a model. `hash` is the SHA-256 of its content, in hexadecimal digits. */
export type ReadModel = { readonly path: string; readonly hash: string; readonly outline: Outline };

/** Why a file is no model that can be read. */
export class Unreadable extends Error {}

const kept = new Map<string, { readonly stamp: string; readonly model: ReadModel }>();

/** @throws Unreadable for what is no file, too large or no model of ONNX */
export function readModel(path: string): ReadModel {
  const stamp = stampOf(path);
  const known = kept.get(path);
  if (known?.stamp === stamp) return known.model;
  const bytes = orUnreadable(() => readFileSync(path));
  const outline = readOutline(bytes);
  if (typeof outline === "string") throw new Unreadable(outline);
  const model = { path, hash: hash("sha256", bytes, "hex"), outline };
  kept.delete(path);
  kept.set(path, { stamp, model });
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  return model;
}

/** What changes with a file. A pipe, which could be read without end, is refused before it is opened. */
function stampOf(path: string): string {
  const stat = orUnreadable(() => statSync(path, { bigint: true }));
  if (!stat.isFile()) throw new Unreadable("it is no file");
  if (stat.size > MOST_BYTES)
    throw new Unreadable(`it has ${stat.size} bytes; at most ${MOST_BYTES} are read`);
  return [stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino, stat.dev].join(" ");
}

function orUnreadable<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new Unreadable((error as Error).message, { cause: error });
  }
}
