import { type Ipv6, isInSubnet, parseIp, parseSubnet } from "../../core/ip.ts";
import { parse } from "../../query/parse.ts";
import type { PatternPart, Query, Range } from "../../query/tree.ts";
import { visit } from "../../query/visit.ts";
import type { Field, Layer, PacketTree } from "./node.ts";

/** Whether a packet is wanted, by its fields. */
export type TreeFilter = (tree: PacketTree) => boolean;

/**
 * Compiles a search over the fields of a tree: `tcp.flags.syn:1 AND ip.src:10.0.0.0/8`. A field that a packet has several times meets a
 * condition when one of them does; a layer's name alone (`dns`) finds packets that have the layer, any other word those that show it.
 * @throws AuthorError with the place of the first mistake, as every search does
 */
export function compileTreeFilter(text: string): TreeFilter {
  return filterOf(parse(text));
}

function filterOf(query: Query): TreeFilter {
  return visit<TreeFilter>(query, {
    all: () => () => true,
    term: ({ field, value }) => {
      const word = value.toLowerCase();
      if (field === undefined)
        return (tree) =>
          tree.layers.some(({ name }) => name === word) || some(tree, anyField, (one) => has(one, word));
      return (tree) => some(tree, named(field), (one) => isEqual(one, value));
    },
    pattern: ({ field, parts }) => {
      const pattern = expressionOf(parts);
      const wanted = field === undefined ? anyField : named(field);
      return (tree) =>
        some(tree, wanted, (one) => pattern.test(String(one.value ?? "")) || pattern.test(one.shown));
    },
    range: (range) => (tree) => some(tree, named(range.field), (one) => isWithin(one, range)),
    exists: ({ field }) => {
      const wanted = named(field);
      return (tree) => tree.layers.some((layer) => wanted(layer)) || some(tree, wanted, () => true);
    },
    network: ({ field, address, bits }) => {
      const subnet = { address, bits };
      return (tree) => some(tree, named(field), (one) => isInNetwork(one, subnet));
    },
    and: (parts) => (tree) => parts.every((part) => part(tree)),
    or: (parts) => (tree) => parts.some((part) => part(tree)),
    not: (part) => (tree) => !part(tree),
  });
}

type Wanted = (one: Field | Layer) => boolean;

const anyField: Wanted = () => true;
const named = (name: string): Wanted => {
  const wanted = name.replaceAll(":", ".").toLowerCase();
  return (one) => one.name.toLowerCase() === wanted;
};

/** Whether one of the wanted fields, however deep, meets a condition. */
function some(tree: PacketTree, wanted: Wanted, meets: (field: Field) => boolean): boolean {
  const within = (fields: readonly Field[]): boolean =>
    fields.some(
      (field) => (wanted(field) && meets(field)) || (field.fields !== undefined && within(field.fields)),
    );
  return tree.layers.some(({ fields }) => within(fields));
}

function has({ value, shown }: Field, word: string): boolean {
  return (
    shown.toLowerCase().includes(word) ||
    String(value ?? "")
      .toLowerCase()
      .includes(word)
  );
}

/** Numbers in any base, addresses in any spelling, text in any case. */
function isEqual({ value, shown }: Field, wanted: string): boolean {
  if (value === undefined) return shown.toLowerCase() === wanted.toLowerCase();
  if (typeof value === "number") {
    if (wanted === "true" || wanted === "false") return value === Number(wanted === "true");
    return wanted !== "" && value === Number(wanted);
  }
  if (value.toLowerCase() === wanted.toLowerCase()) return true;
  const address = parseIp(wanted);
  return address !== undefined && String(parseIp(value)) === String(address);
}

function isWithin({ value }: Field, { from, to }: Range): boolean {
  const compared = Number(value);
  if (value === undefined || Number.isNaN(compared)) return false;
  if (from !== undefined) {
    const least = Number(from.value);
    if (!(from.inclusive ? compared >= least : compared > least)) return false;
  }
  if (to === undefined) return true;
  const most = Number(to.value);
  return to.inclusive ? compared <= most : compared < most;
}

function isInNetwork({ value }: Field, { address, bits }: { address: string; bits: number }): boolean {
  const one: number | Ipv6 | undefined = typeof value === "string" ? parseIp(value) : undefined;
  const subnet = parseSubnet(`${address}/${bits}`);
  return one !== undefined && subnet !== undefined && isInSubnet(one, subnet);
}

function expressionOf(parts: readonly PatternPart[]): RegExp {
  const source = parts.map((part) => {
    if (part.kind === "many") return ".*";
    return part.kind === "one" ? "." : part.text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "isu");
}
