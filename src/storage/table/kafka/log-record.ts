/**
 * What is in the topic of a table. The keys say which record takes the place of which when the broker compacts the topic:
 *
 *   TYPE                   how often a type has changed: { version }
 *   TYPE/GENERATION        a list of the type, written under a name of its own: { state, at }
 *   TYPE/GENERATION/KEY    an entry of it, its value as MessagePack
 *
 * TYPE is percent-encoded, so it has no slash; KEY is the key's bytes as they are, whatever they are. A record without a value says that
 * there is no such entry or generation any more.
 *
 * The generation of a type that counts is the greatest that is whole. So a record that comes late, of a writer that was slower or has
 * died, changes nothing, and what is left after compaction says the same as all that was written.
 */
import { Packr } from "msgpackr";
import { encodeText } from "../../../core/text.ts";
import type { KeyedRecord } from "../../kafka/keyed-batch.ts";
import type { TableKey, TableValue } from "../contract.ts";

/** `COUNTER-WRITER`: generations of a type are ordered, and no two writers make the same. */
export type Generation = string;

/** The generation that a type has before it is replaced for the first time. */
export const FIRST: Generation = "0";

/** `draft` is being written; `whole` may be read; `cleared` is whole and nothing was put into it, so the type does not exist. */
export type GenerationState = "draft" | "whole" | "cleared";

const SLASH = 0x2f;
const packr = new Packr({ useRecords: false });

export function encodeValue(value: TableValue): Buffer {
  // Packed into memory that the next value may share, but never overwrites.
  return packr.pack(value);
}

export function entryPrefix(type: string, generation: Generation): string {
  return `${typeName(type)}/${generation}/`;
}

/** An entry of a generation, or that it is gone. */
export function entryRecord(prefix: string, key: TableKey, value: Buffer | null): KeyedRecord {
  const bytes = typeof key === "string" ? encodeText(key) : key;
  return { key: Buffer.concat([Buffer.from(prefix), bytes]), value };
}

export function generationRecord(
  type: string,
  generation: Generation,
  stands: { readonly state: GenerationState; readonly at: number } | null,
): KeyedRecord {
  const value = stands === null ? null : packr.pack(stands);
  return { key: Buffer.from(`${typeName(type)}/${generation}`), value };
}

export function versionRecord(type: string, version: number): KeyedRecord {
  return { key: Buffer.from(typeName(type)), value: packr.pack({ version }) };
}

/** What a key says that its record is about. `start` is where the key of an entry begins. */
export type Subject =
  | { readonly kind: "version"; readonly type: string }
  | { readonly kind: "generation"; readonly type: string; readonly generation: Generation }
  | {
      readonly kind: "entry";
      readonly type: string;
      readonly generation: Generation;
      readonly start: number;
    };

/** Reads a key at its place. Throws Error for one that none of ours wrote. */
export function subjectOf(bytes: Buffer, start: number, end: number): Subject {
  const first = slashIn(bytes, start, end);
  const type = decodeURIComponent(bytes.toString("utf8", start, first));
  if (first === end) return { kind: "version", type };
  const second = slashIn(bytes, first + 1, end);
  const generation = bytes.toString("utf8", first + 1, second);
  if (second === end) return { kind: "generation", type, generation };
  return { kind: "entry", type, generation, start: second + 1 };
}

/** The state in the value of a generation's record. Throws Error for what none of ours wrote. */
export function stateOf(value: Buffer): GenerationState {
  const { state } = packr.unpack(value) as { state?: unknown };
  if (state === "draft" || state === "whole" || state === "cleared") return state;
  throw new Error(`a generation cannot be ${JSON.stringify(state)}`);
}

/** The version in the value of a type's record. */
export function versionOf(value: Buffer): number {
  const { version } = packr.unpack(value) as { version?: unknown };
  return typeof version === "number" ? version : 0;
}

/** A generation after some others, that no other writer makes too. */
export function generationAfter(known: Iterable<Generation>, writer: string): Generation {
  let most = 0;
  for (const generation of known) most = Math.max(most, counterOf(generation));
  return `${most + 1}-${writer}`;
}

/** Whether a generation is later than another. */
export function isLater(one: Generation, other: Generation): boolean {
  const [first, second] = [counterOf(one), counterOf(other)];
  return first === second ? one > other : first > second;
}

function counterOf(generation: Generation): number {
  return Number.parseInt(generation, 10) || 0;
}

function typeName(type: string): string {
  return encodeURIComponent(type.toWellFormed());
}

function slashIn(bytes: Buffer, start: number, end: number): number {
  const found = bytes.indexOf(SLASH, start);
  return found < 0 || found > end ? end : found;
}
