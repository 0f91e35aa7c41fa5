/**
 * What the checker says of the expressions of documents, each at its place. It finds what compiling does not: functions
 * that do not exist or do not take these arguments, rules that are no predicates. A document in force may hold such an
 * expression (the original fails on it record by record).
 */
import type { Components } from "../config/components.ts";
import { type Expression, expressionsIn } from "../config/expressions.ts";
import { type GlobalDocument, globalSchema } from "../config/global.ts";
import { type PlacedProfiles, profilesSchema } from "../config/profiles.ts";
import type { Units } from "../config/scalar.ts";
import { type PlacedSensor, sensorSchema } from "../config/sensor.ts";
import type { Document, Mistake } from "../config/yaml.ts";
import { type CheckOptions, check } from "../stellar/language/check.ts";
import type { Diagnostic } from "../stellar/language/report.ts";
import type { Environment } from "../stellar/run/environment.ts";
import { declaredTypes } from "./field-notes.ts";

/** What the checker says of the expressions of one document. */
export type Findings = { readonly errors: readonly Mistake[]; readonly warnings: readonly Mistake[] };

/** Checks the expressions of a sensor document. */
export function checkExpressions(
  { sensor, document }: PlacedSensor,
  environment: Environment,
  components: Components,
): Findings {
  const expressions = expressionsIn(sensorSchema, sensor, components);
  return checked(expressions, document, environment, typesOf(expressions, components));
}

/** Checks the expressions of the global document. */
export function checkGlobalExpressions(
  global: GlobalDocument,
  document: Document,
  environment: Environment,
  components: Components,
): Findings {
  const expressions = expressionsIn(globalSchema, global, components);
  return checked(expressions, document, environment, typesOf([], components));
}

/** Checks the expressions of the document of profiles. */
export function checkProfileExpressions(
  { data, document }: PlacedProfiles,
  environment: Environment,
  components: Components,
): Findings {
  const expressions = expressionsIn(profilesSchema, data, components);
  return checked(expressions, document, environment, typesOf(expressions, components));
}

function checked(
  expressions: readonly Expression[],
  document: Document,
  environment: Environment,
  fieldTypes: ReadonlyMap<string, string>,
): Findings {
  const errors: Mistake[] = [];
  const warnings: Mistake[] = [];
  for (const expression of expressions) {
    const { gives } = expression;
    const options: CheckOptions = { fieldTypes, ...(gives === undefined ? {} : { gives }) };
    for (const found of check(expression.text, environment, options)) {
      const list = found.severity === "error" ? errors : warnings;
      list.push(mistakeOf(expression, found, document));
    }
  }
  return { errors, warnings };
}

/** The types of declared fields, and of those that the document's expressions make: any. */
function typesOf(expressions: readonly Expression[], components: Components): ReadonlyMap<string, string> {
  const types = declaredTypes(components);
  for (const { makes } of expressions) if (makes !== undefined) types.set(makes, "any");
  return types;
}

function mistakeOf(expression: Expression, found: Diagnostic, document: Document): Mistake {
  const { path, text, from } = expression;
  const { message, suggestion, span } = found;
  const hint = suggestion === undefined ? "" : `; ${suggestion}`;
  const units = document.units(path);
  const begin = units === undefined ? undefined : offsetIn(units, from + span.start);
  const end = units?.ends[from + span.end - 1] ?? begin ?? 0;
  return {
    ...(begin === undefined ? document.place(path) : document.placeOf(begin)),
    path: path.map(String).join("."),
    message: `\`${text}\`: ${message}${hint}`,
    marked: {
      message,
      length: begin === undefined || span.end <= span.start ? 0 : Math.max(0, end - begin),
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  };
}

/** Where a unit of a text is written; of one past its end, where the text ends. */
function offsetIn({ starts, ends }: Units, unit: number): number | undefined {
  return starts[unit] ?? ends.at(-1);
}
