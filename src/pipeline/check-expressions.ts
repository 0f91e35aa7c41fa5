import type { PlacedSensor, SensorDocument } from "../config/sensor.ts";
import type { Mistake } from "../config/yaml.ts";
import { check } from "../stellar/check.ts";
import type { Environment } from "../stellar/environment.ts";

type Expression = { readonly path: readonly PropertyKey[]; readonly text: string; readonly predicate?: true };

/**
 * Finds what compiling does not: functions that do not exist or do not take these arguments, rules that are no
 * predicates. A document in force may hold such an expression (the original fails on it record by record).
 */
export function mistakesIn(placed: PlacedSensor, environment: Environment): Mistake[] {
  return expressionsIn(placed.sensor).flatMap(({ path, text, predicate }): Mistake[] =>
    check(text, environment, { predicate: predicate === true })
      .filter(({ severity }) => severity === "error")
      .map(({ message, suggestion }) => ({
        ...placed.document.place(path),
        path: path.map(String).join("."),
        message: `\`${text}\`: ${message}${suggestion === undefined ? "" : `; ${suggestion}`}`,
      })),
  );
}

function expressionsIn(sensor: SensorDocument): Expression[] {
  const { transforms, filter = {}, validations, enrichments, threatIntel, triage } = sensor;
  return [
    ...transforms.flatMap((item, index) =>
      Object.entries(item)
        .filter(([name]) => name === "STELLAR")
        .flatMap(([name, options]) => {
          const isLong = typeof options.config === "object";
          const path = ["transforms", index, name, ...(isLong ? ["config"] : [])];
          return textsIn(isLong ? options.config : options, path);
        }),
    ),
    ...textsIn(filter.STELLAR?.query, ["filter", "STELLAR", "query"], true),
    ...validations.flatMap((item, index) => {
      const { config } = item.STELLAR ?? {};
      const isLong = typeof config === "object" && config !== null;
      const path = ["validations", index, "STELLAR", ...(isLong ? ["config"] : []), "condition"];
      return textsIn((isLong ? (config as Record<string, unknown>) : item.STELLAR)?.condition, path, true);
    }),
    ...textsIn(enrichments.stellar, ["enrichments", "stellar"]),
    ...textsIn(threatIntel.stellar, ["threatIntel", "stellar"]),
    ...(triage?.rules ?? []).flatMap(({ rule, score, reason }, index) => [
      ...textsIn(rule, ["triage", "rules", index, "rule"], true),
      ...textsIn(score, ["triage", "rules", index, "score"]),
      ...textsIn(reason, ["triage", "rules", index, "reason"]),
    ]),
  ];
}

/** The expressions at and below a place; those in lists name what they assign to. */
function textsIn(value: unknown, path: readonly PropertyKey[], predicate = false): Expression[] {
  if (typeof value === "string") {
    const text = value.replace(/^\s*[\w.:]+\s*:=/, "");
    return [{ path, text, ...(predicate ? { predicate } : {}) }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) =>
    textsIn(below, [...path, Array.isArray(value) ? Number(key) : key], predicate),
  );
}
