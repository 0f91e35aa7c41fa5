import type { Batch } from "../core/batch.ts";
import { ABSENT, NULL, SPAN } from "../core/column.ts";
import { asSent } from "./brought.ts";

const HEX = new TextEncoder().encode("0123456789abcdef");
const LENGTH = 36;
const DASH = 45;

/**
 * Gives every message of a batch that has none a `guid`: a UUID in the layout of version 7 (RFC 9562) whose time is
 * the arrival of its block and whose random part is a hash of topic, partition, offset and the row's place among the
 * rows of its record. A replay therefore gives the same guid again, and time order lets the index prune.
 * `salt` tells apart several messages of one record, such as its error record.
 * Returns where they are in the arena.
 * `low` is a bijection of the offset, so no two records of a partition share a guid by accident.
 */
export function assignGuids(batch: Batch, salt = ""): GivenGuids {
  const column = batch.column("guid");
  const { arena, rows, live, position } = batch;
  const seed = hashText(`${salt}/${position.topic}/${position.partition}`);
  const start = arena.reserve(rows * LENGTH);
  let at = start;
  const bytes = arena.bytes;
  const time = timeDigits(batch.arrival);
  let ordinal = 0;
  for (let row = 0; row < rows; row++) {
    const record = batch.recordOf[row] as number;
    ordinal = row > 0 && batch.recordOf[row - 1] === record ? ordinal + 1 : 0;
    if (live[row] === 0) continue;
    const kind = column.kinds[row];
    if (kind !== ABSENT && kind !== NULL) continue;
    const offset = position.offset + record;
    const low = mix((offset ^ seed) >>> 0);
    const high = mix(
      (Math.floor(offset / 0x1_0000_0000) + Math.imul(ordinal + 1, 0x9e3779b1) + low + seed) >>> 0,
    );
    writeGuid(bytes, at, time, low, high, mix((high ^ seed) >>> 0));
    column.setSpan(row, at, at + LENGTH);
    at += LENGTH;
  }
  arena.length = at;
  return { start, end: at };
}

/** Where the guids that the loop gave to the messages of a batch are in its arena. */
export type GivenGuids = { readonly start: number; readonly end: number };

/**
 * Gives every message its guid. It is the platform's own, whatever the record or a transformation says: a replay is told by it, and a change
 * of one message must not reach another. What they say stays as `sent.guid`.
 */
export function giveGuids(batch: Batch): GivenGuids {
  setAside(batch, { start: 0, end: 0 });
  return assignGuids(batch);
}

/** Sees to it that messages have the guids they were given. To be called when nothing writes to the messages any more. */
export function keepGuids(batch: Batch, given: GivenGuids): void {
  if (setAside(batch, given)) assignGuids(batch);
}

/** Moves guids that were not given here; tells whether a message is without one now. */
function setAside(batch: Batch, { start, end }: GivenGuids): boolean {
  const column = batch.column("guid");
  let isMissing = false;
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0) continue;
    const kind = column.kinds[row];
    const from = column.spans[2 * row] as number;
    if (kind === SPAN && from >= start && from < end) continue;
    isMissing = true;
    if (kind === ABSENT) continue;
    batch.column(asSent("guid")).copy(row, column);
    column.clear(row);
  }
  return isMissing;
}

/** The first 48 bits of a guid and the dash within them, the same for a whole batch. */
function timeDigits(time: number): Uint8Array {
  const bytes = new Uint8Array(13);
  const seconds = Math.floor(time / 0x10000);
  hex(bytes, 0, seconds, 8);
  bytes[8] = DASH;
  hex(bytes, 9, time - seconds * 0x10000, 4);
  return bytes;
}

/** The time, then 74 bits of hash around the version and variant marks. */
function writeGuid(
  bytes: Uint8Array,
  at: number,
  time: Uint8Array,
  low: number,
  high: number,
  more: number,
): void {
  for (let digit = 0; digit < time.length; digit++) bytes[at + digit] = time[digit] as number;
  bytes[at + 13] = DASH;
  hex(bytes, at + 14, 0x7000 | (more & 0xfff), 4);
  bytes[at + 18] = DASH;
  hex(bytes, at + 19, 0x8000 | (high & 0x3fff), 4);
  bytes[at + 23] = DASH;
  hex(bytes, at + 24, high >>> 16, 4);
  hex(bytes, at + 28, low, 8);
}

function hex(bytes: Uint8Array, at: number, value: number, digits: number): void {
  let rest = value;
  for (let digit = digits - 1; digit >= 0; digit--) {
    bytes[at + digit] = HEX[rest & 15] as number;
    rest >>>= 4;
  }
}

/** Finaliser of MurmurHash3 (32 bits): a bijection that spreads every input bit. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a, for the few bytes of a topic's name. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
