import type { Conversation } from "../reassembly/conversation.ts";
import type { Side } from "../reassembly/segment.ts";
import { type CarvedObject, carve, type ObjectLimits, objectLimits } from "./object.ts";
import { readSmb } from "./smb.ts";
import type { SmbFile, SmbPart } from "./smb-file.ts";

/**
 * The files that an SMB conversation read and wrote, each as one object per direction. What was not moved, or not captured, is a hole.
 * Encrypted sessions of SMB 3 show nothing.
 */
export function objectsOfSmb(conversation: Conversation, limits: Partial<ObjectLimits> = {}): CarvedObject[] {
  const { objects: most, leave, bytes } = objectLimits(limits);
  const found: CarvedObject[] = [];
  const { files, more, lost, encrypted, compressed } = readSmb(conversation);
  const told = { files: more, requests: lost, sealed: encrypted + compressed } as const;
  for (const what of ["files", "requests", "sealed"] as const) if (told[what] > 0) leave(what, told[what]);
  for (const file of files) {
    // Behind this share are pipes: what goes through them are calls, no files.
    if (/\\IPC\$$/i.test(file.share)) continue;
    for (const [side, parts] of [
      [1, file.reads],
      [0, file.writes],
    ] as const) {
      if (parts.length === 0) continue;
      if (found.length < most) found.push(objectOf(conversation, file, parts, side, bytes));
      else leave("files", 1);
    }
  }
  return found;
}

function objectOf(
  conversation: Conversation,
  file: SmbFile,
  parts: readonly SmbPart[],
  side: Side,
  limit: number,
): CarvedObject {
  const isRead = side === 1;
  const { pieces, holes, isCut } = lay(parts, isRead ? file.size : undefined, limit);
  const [first] = parts;
  const start = first?.start ?? 0;
  const seen =
    conversation.chunks.find((chunk) => chunk.side === side && chunk.position >= start) ??
    conversation.chunks[0]!;
  return carve({
    protocol: "smb",
    name: file.name === "" ? "unnamed" : file.name,
    declaredType: undefined,
    side,
    start,
    end: parts.at(-1)?.end ?? start,
    seen,
    pieces,
    holes,
    ended: !isCut,
    origin: `${isRead ? "read from" : "written to"} ${file.share}\\${file.name}`,
    notes: isCut ? [`parts behind byte ${limit} are left out`] : [],
  });
}

type Hole = { start: number; end: number };

/** Lays the parts of a file over each other, the later over the earlier. */
function lay(parts: readonly SmbPart[], size: number | undefined, limit: number) {
  const runs: { at: number; bytes: Uint8Array }[] = [];
  let end = Math.min(size ?? 0, Number.MAX_SAFE_INTEGER);
  let isCut = false;
  let total = 0;
  for (const { offset, start, parts: moved } of parts) {
    for (const { position, bytes, length } of moved) {
      const at = offset + position - start;
      end = Math.max(end, at + length);
      total += length;
      if (bytes === undefined) continue;
      if (total > limit) isCut = true;
      else runs.push({ at, bytes });
    }
  }
  // In the order of the file; of two copies of a byte the one that was moved last is laid on top.
  const cuts = [...new Set(runs.flatMap(({ at, bytes }) => [at, at + bytes.length]))].sort(
    (one, other) => one - other,
  );
  const places = new Map(cuts.map((cut, index) => [cut, index]));
  const top: (number | undefined)[] = new Array(cuts.length);
  for (const [index, { at, bytes }] of runs.entries())
    for (let place = places.get(at)!; cuts[place]! < at + bytes.length; place++) top[place] = index;
  const pieces: Uint8Array[] = [];
  const holes: Hole[] = [];
  let at = 0;
  const hole = (to: number) => {
    if (to > at) holes.push({ start: at, end: to });
    at = Math.max(at, to);
  };
  for (const [place, cut] of cuts.entries()) {
    const run = runs[top[place] ?? -1];
    const to = cuts[place + 1];
    if (run === undefined || to === undefined) continue;
    hole(cut);
    pieces.push(run.bytes.subarray(cut - run.at, to - run.at));
    at = to;
  }
  hole(end);
  return { pieces, holes, isCut };
}
