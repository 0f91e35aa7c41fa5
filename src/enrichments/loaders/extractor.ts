import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { compile, type Program } from "../../stellar/run/compile.ts";
import { type Environment, layered } from "../../stellar/run/environment.ts";
import { fromMessage, toMessage, type Value } from "../../stellar/values/value.ts";
import { splitCsvLine } from "./csv-line.ts";

const expressions = z.record(z.string(), z.string());

export const csvExtractorConfig = z.strictObject({
  columns: z
    .union([z.string(), z.array(z.string()), z.record(z.string(), z.number().int().min(0))])
    .describe(
      "Names of the columns: a list, a text with commas (`name` or `name:position`), or positions by name.",
    ),
  indicator_column: z.string().optional().describe("Column with the indicator; the first when left out."),
  type: z.string().min(1).optional().describe("Type of all entries."),
  type_column: z.string().optional().describe("Column with the type of each entry."),
  separator: z.string().length(1).default(",").describe("What separates columns."),
  value_transform: expressions
    .default({})
    .describe("Columns computed by Stellar, in order; a result that is null removes the column."),
  value_filter: z
    .string()
    .optional()
    .describe("Stellar predicate; entries for which it is not true are left out."),
  indicator_transform: expressions
    .default({})
    .describe("Stellar, in order; the result named `indicator` becomes the indicator, others are temporary."),
  indicator_filter: z.string().optional().describe("Stellar predicate over the indicator."),
  lookup_converter: z.string().optional().describe("Accepted from Metron's files; not used."),
  zk_quorum: z.string().optional().describe("Accepted from Metron's files; not used."),
});

export type CsvExtractorConfig = z.output<typeof csvExtractorConfig>;

/** What a line of a list says: an indicator or enriched value, its type and what is known of it. */
type Extracted = { readonly type: string; readonly indicator: string; readonly value: Message };

/** The entry that a line defines, a reason when the line is malformed, or undefined when it is left out on purpose. */
export type Extraction = Extracted | { readonly reason: string } | undefined;

/** Reads lines of a list. Throws a `Fault` CONFIG_INVALID for a configuration with a mistake. */
export function csvExtractor(
  config: CsvExtractorConfig,
  environment: Environment,
): (line: string) => Extraction {
  const columns = Object.entries(positionsOf(config.columns));
  const positions = new Map(columns);
  const position = (name: string | undefined): number | undefined => {
    if (name === undefined) return undefined;
    const found = positions.get(name);
    if (found === undefined) throw new Fault("CONFIG_INVALID", `extractor: there is no column \`${name}\``);
    return found;
  };
  const indicatorAt = position(config.indicator_column) ?? 0;
  const typeAt = position(config.type_column);
  if (config.type === undefined && typeAt === undefined) {
    throw new Fault("CONFIG_INVALID", "extractor: either `type` or `type_column` is needed");
  }
  const refine = refinement(config, environment);

  return (line) => {
    if (line.trim() === "" || line.startsWith("#")) return undefined;
    const cells = splitCsvLine(line, config.separator);
    if ("reason" in cells) return cells;
    const value = emptyMessage();
    for (const [name, at] of columns) {
      const cell = cells[at];
      if (cell === undefined) return { reason: `there is no column ${at + 1}, \`${name}\`` };
      value[name] = cell;
    }
    const indicator = cells[indicatorAt];
    const type = typeAt === undefined ? config.type : cells[typeAt];
    if (indicator === undefined || type === undefined || type === "")
      return { reason: "indicator or type is missing" };
    return refine({ type, indicator, value });
  };
}

function positionsOf(columns: CsvExtractorConfig["columns"]): Readonly<Record<string, number>> {
  if (typeof columns === "object" && !Array.isArray(columns)) return columns;
  const names = typeof columns === "string" ? columns.split(",") : columns;
  return Object.fromEntries(
    names.map((name, index) => {
      const [, column, at] = /^(.*):([0-9]+)$/s.exec(name) ?? [];
      return column === undefined ? [name, index] : [column, Number(at)];
    }),
  );
}

/** Applies transforms and filters, if there are any. */
function refinement(config: CsvExtractorConfig, environment: Environment): (entry: Extracted) => Extraction {
  const programs = (map: Readonly<Record<string, string>>, what: string): (readonly [string, Program])[] =>
    Object.entries(map).map(([name, text]) => [name, compilePart(`${what}.${name}`, text, environment)]);
  const valueTransform = programs(config.value_transform, "value_transform");
  const indicatorTransform = programs(config.indicator_transform, "indicator_transform");
  const filters = (["indicator_filter", "value_filter"] as const).flatMap((key) => {
    const text = config[key];
    return text === undefined ? [] : [compilePart(key, text, environment)];
  });
  if (valueTransform.length + indicatorTransform.length + filters.length === 0) return (entry) => entry;

  return ({ type, indicator, value }) => {
    const known = new Map<string, Value>(
      Object.entries(value).map(([name, cell]) => [name, fromMessage(cell)]),
    );
    const names = new Map<string, Value>([["indicator", indicator]]);
    const variables = layered(known, names);
    try {
      for (const [name, program] of valueTransform) assign(known, name, program.evaluate(variables));
      for (const [name, program] of indicatorTransform) assign(names, name, program.evaluate(variables));
      for (const filter of filters) if (filter.test(variables) !== true) return undefined;
    } catch (error) {
      if (error instanceof StellarError) return { reason: error.message };
      throw error;
    }
    const refined = names.get("indicator") ?? null;
    if (refined === null) return undefined;
    if (typeof refined !== "string") return { reason: "the indicator is no text" };
    return { type, indicator: refined, value: messageOf(known) };
  };
}

function assign(map: Map<string, Value>, name: string, value: Value): void {
  if (value === null) map.delete(name);
  else map.set(name, value);
}

function messageOf(values: ReadonlyMap<string, Value>): Message {
  const message = emptyMessage();
  for (const [name, value] of values) message[name] = toMessage(value) as Message[string];
  return message;
}

function compilePart(what: string, text: string, environment: Environment): Program {
  try {
    return compile(text, environment);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("CONFIG_INVALID", `extractor: ${what}, \`${text}\`: ${error.message}`, { cause: error });
  }
}
