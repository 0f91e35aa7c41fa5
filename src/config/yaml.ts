import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
  YAMLParseError,
} from "yaml";
import type { z } from "zod";
import { mistakesOf, type Path } from "../core/component.ts";
import { everyFault } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { inWords } from "../core/in-words.ts";
import { type Units, unitsOf } from "./scalar.ts";

/** A mistake in a document: where it is (1-based), what was expected there. */
export type Mistake = {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  /** The same for an editor, which marks the place instead of quoting the text. */
  readonly marked?: { readonly message: string; readonly length: number; readonly suggestion?: string };
};

/** A YAML text as plain data, and where each part of it is. */
export type Document = {
  readonly data: unknown;
  /** The place of a path (`["triage", "rules", 0]`), or of its nearest parent that is written. */
  readonly place: (path: readonly PropertyKey[]) => Place;
  /** The place of an offset. */
  readonly placeOf: (offset: number) => Place;
  /** Where the units of the text at a path are; undefined when no text is there, or it cannot be told. */
  readonly units: (path: readonly PropertyKey[]) => Units | undefined;
};

/** Line and column, from 1. */
type Place = { readonly line: number; readonly column: number };

/**
 * Reads a YAML text (JSON is YAML). Refuses a text with mistakes as a whole.
 * @throws Fault CONFIG_INVALID with every mistake and its place.
 */
export function readYaml(text: string, name: string): Document {
  const lines = new LineCounter();
  const document = parsed(text, name, lines);
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      const message = (error.message.split("\n")[0] ?? "").replace(/ at line .*$/, "");
      return { line, column: col, path: "", message };
    });
    // The library says of each map that is left open that the text ends too early.
    refuse(name, [...new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake])).values()]);
  }
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const units = (path: readonly PropertyKey[]): Units | undefined => {
    const { node, isWhole } = nodeAt(document.contents, path);
    const scalar = isAlias(node) ? node.resolve(document) : node;
    return isWhole && isScalar(scalar) ? unitsOf(scalar, text) : undefined;
  };
  try {
    // Aliases are bounded so that a few lines cannot expand to gigabytes.
    const data: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
    return { data, place: (path) => placeOf(nodeAt(document.contents, path).offset), placeOf, units };
  } catch (error) {
    // The library throws these two for too many aliases and for an alias within its own anchor.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    return refuse(name, [{ line: 1, column: 1, path: "", message: error.message }]);
  }
}

function parsed(text: string, name: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  try {
    // The library compares each key with all those before it, which takes minutes for a long map.
    const document = parseDocument(text, { lineCounter, uniqueKeys: false });
    document.errors.push(...repeatedKeys(document));
    return document;
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
    return refuse(name, [{ line: 1, column: 1, path: "", message: "the document nests too deep" }]);
  }
}

/** Keys that a map has twice, also when only their spelling differs (`1` and `"1"`): one value would replace the other unseen. */
function repeatedKeys(document: ReturnType<typeof parseDocument>): YAMLParseError[] {
  const repeated: YAMLParseError[] = [];
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const [start, end] = key.range ?? [0, 0];
        if (seen.has(name))
          repeated.push(new YAMLParseError([start, end], "DUPLICATE_KEY", "Map keys must be unique"));
        seen.add(name);
      }
    },
  });
  return repeated;
}

/** Checks data against a schema and says of each mistake where it is in the text. */
export function checkDocument<Schema extends z.ZodType>(
  schema: Schema,
  document: Document,
  name: string,
): z.output<Schema> {
  const result = schema.safeParse(document.data, { error: inWords });
  return result.success ? result.data : refuse(name, placed(result.error.issues, document));
}

/** How often what is left of a document is looked at again: leaving out a part may show that another is needed. */
const ROUNDS = 10;

/**
 * Checks data against a schema to find all that is wrong: answers the mistakes, and the data without the parts that
 * hold them, so that a check can go on with the rest; undefined when nothing is left.
 * @param standIns what stands for parts that must be there
 */
export function judgeDocument<Schema extends z.ZodType>(
  schema: Schema,
  document: Document,
  standIns: Readonly<Record<string, unknown>>,
): { readonly data: z.output<Schema> | undefined; readonly mistakes: readonly Mistake[] } {
  const whole = schema.safeParse(document.data, { error: inWords });
  if (whole.success) return { data: whole.data, mistakes: [] };
  const mistakes = placed(whole.error.issues, document);
  let rest = structuredClone(document.data);
  let issues = mistakesOf(whole.error.issues);
  for (let round = 0; round < ROUNDS && isRecord(rest); round++) {
    for (const { path } of issues) leaveOut(rest, path);
    rest = { ...standIns, ...rest };
    const again = schema.safeParse(rest, { error: inWords });
    if (again.success) return { data: again.data, mistakes };
    issues = mistakesOf(again.error.issues);
  }
  return { data: undefined, mistakes };
}

/** Takes the nearest key of a map away that a path leads through; items of a list keep their places. */
function leaveOut(data: unknown, path: readonly PropertyKey[]): void {
  let inner = data;
  let last: { from: Record<PropertyKey, unknown>; key: PropertyKey } | undefined;
  for (const key of path) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, key)) break;
    if (isRecord(inner)) last = { from: inner, key };
    inner = (inner as Record<PropertyKey, unknown>)[key];
  }
  if (last !== undefined) delete last.from[last.key];
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function placed(issues: readonly z.core.$ZodIssue[], document: Document): Mistake[] {
  return mistakesOf(issues).map(({ path, message }) => mistakeIn(document, path, message));
}

/** A mistake at a path of a document. */
export function mistakeIn(document: Document, path: Path, message: string): Mistake {
  return { ...document.place(path), path: path.map(String).join("."), message };
}

/** What the details of a fault say of its place: a path below the part that was opened, and the text of the expression at fault. */
type FaultPlace = { readonly path?: Path; readonly expression?: string };

/**
 * The mistakes for which components of a document could not be opened. Throws what is no fault again.
 * @param pathOf where in the document it is; the path of the fault when left out
 */
export function placedFaults(
  error: unknown,
  document: Document,
  pathOf: (place: FaultPlace) => Path = ({ path = [] }) => path,
): Mistake[] {
  if (!(error instanceof Fault)) throw error;
  return everyFault(error).map(({ details, message }) =>
    mistakeIn(document, pathOf((details ?? {}) as FaultPlace), message),
  );
}

/** Refuses a document as a whole: one fault that names every place and what was expected there. */
export function refuse(name: string, mistakes: readonly Mistake[]): never {
  const lines = mistakes.map(
    ({ line, column, path, message }) =>
      `${name}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`,
  );
  throw new Fault("CONFIG_INVALID", lines.join("\n"), { details: { mistakes } });
}

/** The node of a path and where it, or its key, begins; of a path that is not written whole, its nearest parent's. */
function nodeAt(
  root: Node | null,
  path: readonly PropertyKey[],
): { readonly node: Node | null | undefined; readonly offset: number; readonly isWhole: boolean } {
  let node: Node | null | undefined = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = pairsOf(node).get(String(key));
      if (pair === undefined) return { node, offset, isWhole: false };
      const at = pair.key as Node;
      offset = at.range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = node.items[Number(key)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else return { node, offset, isWhole: false };
  }
  return { node, offset, isWhole: true };
}

/** A document with many mistakes in a long map looks up many of its keys. */
const PAIRS = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  let pairs = PAIRS.get(map);
  if (pairs === undefined) {
    pairs = new Map(
      map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])),
    );
    PAIRS.set(map, pairs);
  }
  return pairs;
}
