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
    refuse(
      name,
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          line,
          column: col,
          path: "",
          message: (error.message.split("\n")[0] ?? "").replace(/ at line .*$/, ""),
        };
      }),
    );
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
  if (result.success) return result.data;
  return refuse(
    name,
    flatten(result.error.issues).map((issue) => ({
      ...document.place(issue.path),
      path: issue.path.map(String).join("."),
      message: issue.message,
    })),
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
