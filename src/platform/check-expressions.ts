/**
 * The expressions of documents: where each stands, and what the checker says of it at that place. It finds what
 * compiling does not: functions that do not exist or do not take these arguments, rules that are no predicates. A
 * document in force may hold such an expression (the original fails on it record by record).
 */
import type { GlobalDocument } from "../config/global.ts";
import type { PlacedSensor, SensorDocument } from "../config/sensor.ts";
import type { Document, Mistake } from "../config/yaml.ts";
import { type CheckOptions, check } from "../stellar/language/check.ts";
import { type Diagnostic, placeOf } from "../stellar/language/report.ts";
import type { Environment } from "../stellar/run/environment.ts";

import { declaredTypes } from "./field-notes.ts";

type Path = readonly PropertyKey[];

/** An expression of a document, and what it must give; anything when that is left out. */
export type Expression = {
  readonly path: Path;
  readonly text: string;
  readonly gives?: "boolean" | "number";
};

/** What the checker says of the expressions of one document. */
export type Findings = { readonly errors: readonly Mistake[]; readonly warnings: readonly Mistake[] };

/** Every expression of a sensor document, in the order of the loop. */
export function expressionsOf(sensor: SensorDocument): Expression[] {
  return [
    ...sensor.transforms.flatMap((item, index) => inTransform(item, ["transforms", index])),
    ...named(sensor.filter, "STELLAR", ["filter"], (options, path) =>
      predicate(options.query, [...path, "query"]),
    ),
    ...inValidations(sensor.validations),
    ...inGroups(sensor.enrichments.stellar, ["enrichments", "stellar"]),
    ...inGroups(sensor.threatIntel.stellar, ["threatIntel", "stellar"]),
    ...(sensor.triage?.rules ?? []).flatMap(({ rule, score, reason }, index) => [
      ...predicate(rule, ["triage", "rules", index, "rule"]),
      ...value(score, ["triage", "rules", index, "score"]).map((found) => ({
        ...found,
        gives: "number" as const,
      })),
      ...value(reason, ["triage", "rules", index, "reason"]),
    ]),
  ];
}

/** Checks the expressions of a sensor document. */
export function checkExpressions(
  { sensor, document }: PlacedSensor,
  text: string,
  environment: Environment,
): Findings {
  const expressions = expressionsOf(sensor);
  return checked(expressions, document, text, environment, typesOf(expressions));
}

/** Checks the expressions of the global document. */
export function checkGlobalExpressions(
  { validations }: GlobalDocument,
  document: Document,
  text: string,
  environment: Environment,
): Findings {
  return checked(inValidations(validations), document, text, environment);
}

function checked(
  expressions: readonly Expression[],
  document: Document,
  text: string,
  environment: Environment,
  fieldTypes: ReadonlyMap<string, string> = typesOf([]),
): Findings {
  const errors: Mistake[] = [];
  const warnings: Mistake[] = [];
  for (const expression of expressions) {
    for (const found of check(expression.text, environment, { ...givenBy(expression), fieldTypes })) {
      const list = found.severity === "error" ? errors : warnings;
      list.push(mistakeOf(expression, found, document, text));
    }
  }
  return { errors, warnings };
}

/** What must come of an expression, as the checker is told. */
export function givenBy({ gives }: Expression): Pick<CheckOptions, "gives"> {
  return gives === undefined ? {} : { gives };
}

/** The types of declared fields, and of those that the document's expressions make: any. */
function typesOf(expressions: readonly Expression[]): ReadonlyMap<string, string> {
  const types = declaredTypes();
  for (const { path, gives } of expressions) {
    if (gives === undefined && typeof path.at(-1) === "string") types.set(String(path.at(-1)), "any");
  }
  return types;
}

function mistakeOf(expression: Expression, found: Diagnostic, document: Document, text: string): Mistake {
  const hint = found.suggestion === undefined ? "" : `; ${found.suggestion}`;
  return {
    ...placeInDocument(expression, found.span.start, document, text),
    path: expression.path.map(String).join("."),
    message: `\`${expression.text}\`: ${found.message}${hint}`,
  };
}

/** The place of an offset of the expression when its line stands in the document as it is; else where it begins. */
function placeInDocument(
  { path, text: expression }: Expression,
  offset: number,
  document: Document,
  text: string,
) {
  const start = document.place(path);
  const { line, column } = placeOf(expression, offset);
  const wanted = (expression.split("\n")[line - 1] ?? "").trimEnd();
  const lines = text.split("\n");
  const before = lines.slice(0, start.line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const at = wanted === "" ? -1 : text.indexOf(wanted, before + start.column - 1);
  const found = at < 0 ? start : placeOf(text, at + column - 1);
  // The same words further down belong to something else.
  return found.line - start.line <= expression.split("\n").length + 1 ? found : start;
}

function inTransform(item: Readonly<Record<string, unknown>>, path: Path): Expression[] {
  return [
    ...named(item, "STELLAR", path, (options, at) => {
      const isWritten = isMap(options.config);
      const statements = isWritten ? (options.config as Json) : options;
      return Object.entries(statements).flatMap(([name, text]) =>
        value(text, isWritten ? [...at, "config", name] : [...at, name]),
      );
    }),
    ...inConfig(item, "REMOVE", path),
  ];
}

function inValidations(list: readonly Readonly<Record<string, unknown>>[]): Expression[] {
  return list.flatMap((item, index) => inConfig(item, "STELLAR", ["validations", index]));
}

/** The condition of a component that has one. */
function inConfig(item: Readonly<Record<string, unknown>>, component: string, path: Path): Expression[] {
  return named(item, component, path, ({ config }, at) =>
    isMap(config) ? predicate(config.condition, [...at, "config", "condition"]) : [],
  );
}

/** Expressions by name or as `name := expression`, alone or in groups. */
function inGroups(config: unknown, path: Path): Expression[] {
  if (typeof config === "string") return value(config, path);
  if (Array.isArray(config)) {
    return config.flatMap((line, index) => value(String(line).replace(/^[^:]*:=\s*/, ""), [...path, index]));
  }
  return isMap(config)
    ? Object.entries(config).flatMap(([name, inner]) => inGroups(inner, [...path, name]))
    : [];
}

type Json = Readonly<Record<string, unknown>>;

function named(
  item: Json | undefined,
  component: string,
  path: Path,
  read: (options: Json, path: Path) => Expression[],
): Expression[] {
  return Object.entries(item ?? {}).flatMap(([name, options]) =>
    name.toUpperCase() === component && isMap(options) ? read(options, [...path, name]) : [],
  );
}

function value(text: unknown, path: Path): Expression[] {
  return typeof text === "string" ? [{ path, text }] : [];
}

function predicate(text: unknown, path: Path): Expression[] {
  return typeof text === "string" ? [{ path, text, gives: "boolean" }] : [];
}

function isMap(found: unknown): found is Json {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}
