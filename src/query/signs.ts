import type { Query } from "./tree.ts";

type Sign = "" | "+" | "-";
/** A condition, and whether it is required, forbidden or neither. */
export type Item = { readonly query: Query; readonly sign: Sign };

/** Lucene's rule: what is required decides, else any of the rest; what is forbidden is taken away. */
export function combine(items: readonly Item[]): Query {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return plain(only);
  if (items.every((item) => item.sign === "")) return { kind: "or", parts: items.map((item) => item.query) };
  const required = items.filter((item) => item.sign === "+").map((item) => item.query);
  const optional = items.filter((item) => item.sign === "").map((item) => item.query);
  const parts =
    required.length > 0
      ? required
      : optional.length > 1
        ? [{ kind: "or", parts: optional } as const]
        : optional;
  const all = [...parts, ...items.filter((item) => item.sign === "-").map(plain)];
  return all.length === 1 ? (all[0] as Query) : { kind: "and", parts: all };
}

/** Beside a written OR, a NOT is one of the alternatives and forbids nothing. */
export function unsigned(item: Item): Item {
  return item.sign === "-" ? { query: plain(item), sign: "" } : item;
}

/** What an item means by itself. */
export function plain(item: Item): Query {
  return item.sign === "-" ? { kind: "not", part: item.query } : item.query;
}
