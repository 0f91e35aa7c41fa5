/** In which order the messages of all parts are, and how a cursor remembers that. */
import { Fault } from "../../../core/fault.ts";
import type { Sort, SortKind } from "../contract.ts";
import type { Gathered } from "./gather.ts";

const KINDS: readonly SortKind[] = ["number", "boolean", "text"];

/** What each key of a sort is compared as, as one index with all messages would. */
export function kindsOf({ answers }: Gathered<"search">, sort: readonly Sort[]): SortKind[] {
  return sort.map((_, place) => {
    // What another process leaves undefined arrives as null.
    const said = answers.map(({ answer }) => answer.places?.kinds[place] ?? undefined);
    const kinds = new Set(said.filter((kind) => kind !== undefined));
    const [only = "text"] = kinds;
    return kinds.size > 1 ? "text" : only;
  });
}

/** Whether each part has compared keys as these kinds. One without a value of a key takes it for a text. */
export function isAlike({ answers }: Gathered<"search">, kinds: readonly SortKind[]): boolean {
  return answers.every(({ answer }) =>
    kinds.every((kind, place) => (answer.places?.kinds[place] ?? "text") === kind),
  );
}

/** A cursor of the parts, and before it what they compare the keys as: the next page is to go on in the same order. */
export function writeCursor(cursor: string, kinds: readonly SortKind[]): string {
  return `${kinds.map(([letter]) => letter).join("")}~${cursor}`;
}

/** @throws Fault REQUEST_INVALID */
export function readCursor(
  cursor: string,
  sort: readonly Sort[],
): { kinds: readonly SortKind[]; cursor: string } {
  const [letters = "", rest] = cursor.split("~");
  const kinds = [...letters].map((letter) => KINDS.find((kind) => kind.startsWith(letter)));
  const known = kinds.filter((kind) => kind !== undefined);
  if (rest === undefined || known.length !== sort.length)
    throw new Fault("REQUEST_INVALID", "searching: this cursor is of no earlier page of the same search");
  return { kinds: known, cursor: rest };
}
