import { watch } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BlockBuilder } from "../block-builder.ts";
import type { LineFramer } from "../line-framer.ts";
import { HEAD_BYTES, type Positions } from "../source.ts";

/** Where in which file: the inode tells a file that was renamed from one that took its name. */
type FilePosition = { readonly inode: number; readonly offset: number };

export type FollowOptions = {
  readonly path: string;
  /** Called before each opening: the name may lead elsewhere by then. */
  readonly allow: () => void;
  readonly builder: BlockBuilder;
  readonly framer: LineFramer;
  readonly positions: Positions;
  readonly positionKey: string;
  /** Where to begin in a file that no position is known of. */
  readonly from: "start" | "end";
  readonly signal: AbortSignal;
};

const CHUNK = 256 * 1024;
/** Bytes after which the position is saved although there is more to read. */
const SAVE_BYTES = 16 * 1024 * 1024;
/** File systems without notifications (NFS) are looked at this often; also how fast a rotation is noticed there. */
const LOOK_MILLISECONDS = 1000;

/**
 * Delivers the lines of a file as they are appended, until the signal aborts. When the file is renamed its rest is
 * read before the new one is begun; when it is cut short, reading begins at its start again. The position saved is
 * that of delivered lines, so after a crash some may come twice but none is lost.
 */
export async function followFile(options: FollowOptions): Promise<void> {
  const { signal } = options;
  await finishRenamed(options);
  let isFirst = true;
  while (!signal.aborted) {
    const file = await openOrWait(options);
    if (file === undefined) return;
    try {
      await followOne(file, isFirst, options);
    } finally {
      await file.close();
    }
    isFirst = false;
  }
}

/** Reads one file until another one has its name. */
async function followOne(file: FileHandle, isFirst: boolean, options: FollowOptions): Promise<void> {
  const { path, framer, builder, signal } = options;
  const { ino: inode, size } = await file.stat();
  let offset = await beginning(inode, size, isFirst, options);
  if (offset > 0) await resume(file, framer);
  let saved = offset;
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  const save = async () => {
    await builder.flush();
    const position = { inode, offset: offset - framer.pending };
    if (position.offset !== saved) await options.positions.save(options.positionKey, position);
    saved = position.offset;
  };
  while (!signal.aborted) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, offset);
    if (bytesRead > 0) {
      framer.push(buffer.subarray(0, bytesRead));
      offset += bytesRead;
      await builder.pressure;
      if (offset - saved > SAVE_BYTES) await save();
      continue;
    }
    await save();
    const now = await file.stat();
    if (now.size < offset) {
      // A program that rotates by copying cut it short; an unfinished line went with the copy.
      framer.end();
      offset = 0;
      continue;
    }
    if (await isReplaced(path, inode)) {
      // What was written between the last read and the renaming.
      if ((await file.stat()).size > offset) continue;
      framer.end();
      await builder.flush();
      return;
    }
    await change(path, offset, signal);
  }
  await save();
}

/** Reads the rest of a file that was renamed while nobody followed it, if it is still in its folder. */
async function finishRenamed(options: FollowOptions): Promise<void> {
  const { path, builder, framer, positions, positionKey, signal } = options;
  const known = positions.load(positionKey);
  if (!isFilePosition(known)) return;
  const renamed = await findInode(dirname(path), known.inode);
  if (renamed === undefined || renamed === basename(path)) return;
  await using file = await open(join(dirname(path), renamed), "r");
  if (known.offset > 0) await resume(file, framer);
  const input = file.createReadStream({ start: known.offset, signal, autoClose: false });
  for await (const chunk of input) {
    framer.push(chunk as Buffer);
    await builder.pressure;
  }
  framer.end();
  await builder.flush();
  // That file is done with; the one that has its name now is read from the start.
  await positions.save(positionKey, { inode: 0, offset: 0 });
}

/** Tells the framer how a file begins that is read on from its middle. */
async function resume(file: FileHandle, framer: LineFramer): Promise<void> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  framer.resume(buffer.subarray(0, bytesRead));
}

async function findInode(folder: string, inode: number): Promise<string | undefined> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() && (await inodeOf(join(folder, entry.name))) === inode) return entry.name;
  }
  return undefined;
}

async function beginning(
  inode: number,
  size: number,
  isFirst: boolean,
  options: FollowOptions,
): Promise<number> {
  const known = options.positions.load(options.positionKey);
  if (isFilePosition(known) && known.inode === inode && known.offset <= size) return known.offset;
  // A file that came after another one, or after a stop, is read whole: nothing of it has been seen.
  return isFirst && known === undefined && options.from === "end" ? size : 0;
}

function isFilePosition(value: unknown): value is FilePosition {
  return (
    typeof value === "object" &&
    value !== null &&
    "inode" in value &&
    "offset" in value &&
    typeof value.inode === "number" &&
    typeof value.offset === "number"
  );
}

async function isReplaced(path: string, inode: number): Promise<boolean> {
  // Renamed, and its successor is not there yet: the old one may still be written to.
  const now = await inodeOf(path);
  return now !== undefined && now !== inode;
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function openOrWait({ path, allow, signal }: FollowOptions): Promise<FileHandle | undefined> {
  while (!signal.aborted) {
    try {
      allow();
      return await open(path, "r");
    } catch (error) {
      if (!isMissing(error)) throw error;
      await change(path, 0, signal);
    }
  }
  return undefined;
}

/** Resolves when something changed in the file's folder since it had `size` bytes, or after a while, or on abort. */
function change(path: string, size: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = new AbortController();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      stop.abort();
      resolve();
    };
    const timer = setTimeout(done, LOOK_MILLISECONDS);
    signal.addEventListener("abort", done);
    if (signal.aborted) return done();
    try {
      watch(dirname(path), { signal: stop.signal }, done).on("error", () => undefined);
    } catch (error) {
      // No folder, or no watches left: the timer remains.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
    // What was appended before the watch began causes no event.
    stat(path).then(
      (now) => {
        if (now.size !== size) done();
      },
      () => undefined,
    );
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
