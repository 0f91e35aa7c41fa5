import { z } from "zod";
import { type Catalogue, findNamed, type Path, schemaOf } from "../core/component.ts";
import { MARK, type Mark, splitAssignment } from "../stellar/language/option.ts";
import type { Components } from "./components.ts";
import { namedPart } from "./named.ts";

/** An expression of a document. */
export type Expression = {
  /** The text of the document that it is, or is part of. */
  readonly path: Path;
  /** Where it begins in that text, in UTF-16 units. */
  readonly from: number;
  readonly text: string;
  /** What it must return; anything when left out. */
  readonly gives?: "boolean" | "number";
  /** The field or variable that it makes, where it does. */
  readonly makes?: string;
};

/**
 * Every expression in a value that a schema accepts, in the order of the schema. Components that do not exist and
 * parts of another form than the schema's hold none.
 */
export function expressionsIn(
  schema: z.core.$ZodType,
  data: unknown,
  components: Components,
  path: Path = [],
): Expression[] {
  const mark = z.globalRegistry.get(schema)?.[MARK] as Mark | undefined;
  if (mark !== undefined) return typeof data === "string" ? [expressionOf(mark, data, path)] : [];
  const part = namedPart(schema);
  if (part === undefined) return inParts(schema, data, components, path);
  const catalogue: Catalogue = components[part.kind];
  return entriesOf(data).flatMap(([name, options]) => {
    const definition = findNamed(catalogue, name);
    return definition === undefined
      ? []
      : expressionsIn(schemaOf(definition, options), options, components, [...path, name]);
  });
}

function inParts(schema: z.core.$ZodType, data: unknown, components: Components, path: Path): Expression[] {
  const within = (inner: z.core.$ZodType, value: unknown, key: PropertyKey) =>
    expressionsIn(inner, value, components, [...path, key]);
  // Every schema of zod is one of these; the base type does not say which.
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object": {
      const { shape, catchall } = def;
      const known = Object.entries(shape).flatMap(([key, inner]) => within(inner, valueAt(data, key), key));
      if (catchall === undefined) return known;
      const others = entriesOf(data).filter(([key]) => !Object.hasOwn(shape, key));
      return [...known, ...others.flatMap(([key, value]) => within(catchall, value, key))];
    }
    case "record":
      return entriesOf(data).flatMap(([key, value]) => within(def.valueType, value, key));
    case "array":
      return Array.isArray(data) ? data.flatMap((value, index) => within(def.element, value, index)) : [];
    case "union": {
      const found = def.options.flatMap((option) => expressionsIn(option, data, components, path));
      return [...new Map(found.map((each) => [JSON.stringify(each.path), each])).values()];
    }
    case "pipe":
      // Where the written text is transformed first, only the result has a form.
      return expressionsIn(
        (def.in as z.core.$ZodTypes)._zod.def.type === "transform" ? def.out : def.in,
        data,
        components,
        path,
      );
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return expressionsIn(def.innerType, data, components, path);
    default:
      return [];
  }
}

function expressionOf(mark: Mark, written: string, path: Path): Expression {
  const key = path.at(-1);
  switch (mark) {
    case "predicate":
      return { path, from: 0, text: written, gives: "boolean" };
    case "score":
      return { path, from: 0, text: written, gives: "number" };
    case "assignment": {
      const { name, expression, from } = splitAssignment(written) ?? { expression: written, from: 0 };
      return { path, from, text: expression, ...(name === undefined ? {} : { makes: name }) };
    }
    case "expression":
      return { path, from: 0, text: written, ...(typeof key === "string" ? { makes: key } : {}) };
  }
}

function entriesOf(data: unknown): [string, unknown][] {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
}

function valueAt(data: unknown, key: string): unknown {
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>)[key] : undefined;
}
