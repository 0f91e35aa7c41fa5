import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { type Column, NULL, VALUE } from "../../core/column.ts";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type FieldValue, messageToJson } from "../../core/message.ts";
import { Double, Float } from "../../core/number.ts";
import { type ErrorType, Rejection } from "../../core/rejection.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { assignment, expression, splitAssignment } from "../../stellar/language/option.ts";
import { type Assignment, Assignments } from "../../stellar/run/assignments.ts";
import { compile } from "../../stellar/run/compile.ts";
import type { Environment } from "../../stellar/run/environment.ts";
import type { EnrichmentDefinition, EnrichmentStageContext } from "../enrichment.ts";

const list = z
  .array(assignment())
  .describe("`name := expression`, in order; each sees the results before it.");
const map = z.record(z.string(), expression()).describe("Name and expression, in order.");

export const stellarConfig = z
  .union([list, z.record(z.string(), z.union([expression(), map, list]))], {
    error: "expected expressions by name, or a list of `name := expression`",
  })
  .describe(
    "Expressions by name, or groups of them by name of the group. Groups do not see each other's results. A result that is null is left out, a map gives one field a key.",
  );

type StellarConfig = z.output<typeof stellarConfig>;

export const stellar: EnrichmentDefinition<"stellar", typeof stellarConfig> = {
  name: "stellar",
  summary: "Computes fields by Stellar expressions, which see the message as it came.",
  config: stellarConfig,
  fields: [],
  examples: [{ options: { risk: "bytes / 1000" }, given: { bytes: 5000 }, gives: { bytes: 5000, risk: 5 } }],
  open(config, context) {
    const enrichment = new StellarEnrichment(config, context);
    if (enrichment.isEmpty) return { fields: [], apply: () => {} };
    return {
      fields: undefined,
      evaluate: (batch) => enrichment.evaluate(batch),
      apply: (batch) => enrichment.apply(batch),
    };
  },
};

/** Computes fields of messages by expressions, in two steps, because what else enriches must see the message as it was. */
class StellarEnrichment {
  readonly #groups: readonly Group[];
  readonly #type: ErrorType;

  /** Throws a `Fault` CONFIG_INVALID for an expression with a mistake. */
  constructor(config: StellarConfig, { environment, variables, errorType }: EnrichmentStageContext) {
    this.#type = errorType;
    this.#groups = groupsOf(config).map(({ name, statements }) => {
      const assignments = statements.map((statement) => assignmentOf(statement, environment));
      return {
        name,
        fields: [...new Set(assignments.flatMap(({ program }) => program.variables))],
        assignments: new Assignments(assignments, { layers: variables, afterNull: "nothing" }),
      };
    });
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** Computes the results for the live messages; changes nothing yet. A message that a group fails on is noted as an error and stays. */
  evaluate(batch: Batch): void {
    for (const { name, fields, assignments } of this.#groups) {
      assignments.run(batch);
      for (const [row, failed] of assignments.failures) {
        const where = name === "" ? failed.name : `${failed.name} of group ${name}`;
        const reason = `expression ${where}: ${failed.error.message}`;
        const raw = taskOf(batch, row, fields);
        batch.rejectRecord(batch.recordOf[row] as number, new Rejection(this.#type, reason, { raw }));
      }
    }
  }

  /** Puts the results of `evaluate` over the messages. */
  apply(batch: Batch): void {
    for (const { assignments } of this.#groups) {
      for (const [name, result] of assignments.results) if (result.touched) write(batch, name, result);
    }
  }
}

type Group = {
  readonly name: string;
  readonly fields: readonly string[];
  readonly assignments: Assignments;
};

type Statement = { readonly name: string; readonly expression: string };

function groupsOf(config: StellarConfig): { name: string; statements: readonly Statement[] }[] {
  if (Array.isArray(config)) return [{ name: "", statements: config.map(statementOf) }];
  const plain: Statement[] = [];
  const groups: { name: string; statements: readonly Statement[] }[] = [];
  for (const [name, entry] of Object.entries(config)) {
    if (typeof entry === "string") plain.push({ name, expression: entry });
    else if (Array.isArray(entry)) groups.push({ name, statements: entry.map(statementOf) });
    else {
      const statements = Object.entries(entry).map(([field, expression]) => ({ name: field, expression }));
      groups.push({ name, statements });
    }
  }
  return plain.length === 0 ? groups : [{ name: "", statements: plain }, ...groups];
}

function statementOf(text: string): Statement {
  const statement = splitAssignment(text);
  if (statement === undefined)
    throw new Fault("CONFIG_INVALID", `\`${text}\`: expected \`name := expression\``);
  return statement;
}

function assignmentOf({ name, expression }: Statement, environment: Environment): Assignment {
  try {
    return { name, program: compile(expression, environment) };
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("CONFIG_INVALID", `expression ${name}, \`${expression}\`: ${error.message}`, {
      cause: error,
      details: { expression, ...error.span },
    });
  }
}

/** The part of a message that a group was handed, as the original's error record shows it. */
function taskOf(batch: Batch, row: number, fields: readonly string[]): string {
  const part = emptyMessage();
  for (const field of [...fields, "source.type"]) {
    const value = batch.columns.get(field)?.plain(row);
    if (value !== undefined && value !== null) part[field] = value;
  }
  return messageToJson(part);
}

function write(batch: Batch, name: string, result: Column): void {
  let target: Column | undefined;
  for (let row = 0; row < batch.rows; row++) {
    const kind = result.kinds[row] as number;
    if (kind <= NULL || batch.live[row] === 0) continue;
    const value = kind === VALUE ? result.objects[row] : undefined;
    if (isMap(value)) {
      for (const [key, entry] of Object.entries(value)) batch.column(`${name}.${key}`).set(row, entry);
    } else {
      target ??= batch.column(name);
      target.copy(row, result);
    }
  }
}

function isMap(value: FieldValue | undefined): value is { readonly [key: string]: FieldValue } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Double || value instanceof Float)
  );
}
