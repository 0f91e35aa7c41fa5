import { type ChangeObject, diffArrays } from "diff";

export type DiffLine = { change: "same" | "added" | "removed"; text: string };

/** The search for common lines takes time with the square of what differs: 0.3 s for as many as these. */
const MOST_CHANGES = 2000;

/**
 * The lines of two texts in order, each marked as common, added or removed. Texts that differ in very many lines are
 * shown as replaced as a whole.
 */
export function diffLines(before: string, after: string): DiffLine[] {
  const [one, other] = [split(before), split(after)];
  const changes = diffArrays(one, other, { maxEditLength: MOST_CHANGES }) ?? [
    { value: one, removed: true, added: false },
    { value: other, removed: false, added: true },
  ];
  return changes.flatMap((change) => change.value.map((text) => ({ change: kindOf(change), text })));
}

function kindOf({ added, removed }: Pick<ChangeObject<string[]>, "added" | "removed">): DiffLine["change"] {
  if (added) return "added";
  return removed ? "removed" : "same";
}

const split = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
