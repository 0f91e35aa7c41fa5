import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { Fault } from "../core/fault.ts";

/** A mistake in a document: where it is (1-based), what was expected there. */
export type Mistake = {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
};

/** A YAML text as plain data, and where each part of it stands. */
export type Document = {
  readonly data: unknown;
  /** The place of a path (`["triage", "rules", 0]`), or of its nearest parent that is written. */
  readonly place: (path: readonly PropertyKey[]) => { line: number; column: number };
};

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
  const place = (path: readonly PropertyKey[]) => {
    const { line, col } = lines.linePos(offsetOf(document.contents, path));
    return { line, column: col };
  };
  try {
    // Aliases are bounded so that a few lines cannot expand to gigabytes.
    return { data: document.toJS({ maxAliasCount: 100 }) ?? {}, place };
  } catch (error) {
    // The library throws these two for too many aliases and for an alias within its own anchor.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    return refuse(name, [{ line: 1, column: 1, path: "", message: error.message }]);
  }
}

function parsed(text: string, name: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, { lineCounter, uniqueKeys: true });
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
    return refuse(name, [{ line: 1, column: 1, path: "", message: "the document nests too deep" }]);
  }
}

/** Checks data against a schema and says of each mistake where it stands in the text. */
export function checkDocument<Schema extends z.ZodType>(
  schema: Schema,
  document: Document,
  name: string,
): z.output<Schema> {
  const result = schema.safeParse(document.data);
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
  const whole = schema.safeParse(document.data);
  if (whole.success) return { data: whole.data, mistakes: [] };
  const mistakes = placed(whole.error.issues, document);
  let rest = structuredClone(document.data);
  let issues = flatten(whole.error.issues);
  for (let round = 0; round < ROUNDS && isRecord(rest); round++) {
    for (const { path } of issues) leaveOut(rest, path);
    rest = { ...standIns, ...rest };
    const again = schema.safeParse(rest);
    if (again.success) return { data: again.data, mistakes };
    issues = flatten(again.error.issues);
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

function placed(issues: readonly Issue[], document: Document): Mistake[] {
  return flatten(issues).map(({ path, message }) => ({
    ...document.place(path),
    path: path.map(String).join("."),
    message,
  }));
}

/** Refuses a document as a whole: one fault that names every place and what was expected there. */
export function refuse(name: string, mistakes: readonly Mistake[]): never {
  const lines = mistakes.map(
    ({ line, column, path, message }) =>
      `${name}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`,
  );
  throw new Fault("CONFIG_INVALID", lines.join("\n"), { details: { mistakes } });
}

type Issue = z.core.$ZodIssue;

/** Unknown keys become one issue each, at the key itself. */
function flatten(issues: readonly Issue[]): { path: PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...issue.path, key], message: "no such option" }));
    }
    return [{ path: [...issue.path], message: issue.message }];
  });
}

function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: Node | null | undefined = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      const at = pair.key as Node;
      offset = at.range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = node.items[Number(key)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
