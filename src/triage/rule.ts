import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { Fault } from "../core/fault.ts";
import { Rejection } from "../core/rejection.ts";
import { compile, type Program } from "../stellar/compile.ts";
import type { Environment, Layer } from "../stellar/environment.ts";
import { StellarError } from "../stellar/error.ts";
import { RowVariables } from "../stellar/row-variables.ts";
import { toDouble, toText } from "../stellar/value.ts";

export const ruleConfig = z.strictObject({
  name: z.string().optional().describe("Short name the analyst reads."),
  comment: z.string().optional().describe("Why the rule exists."),
  rule: z.string().describe("Stellar predicate over the message."),
  score: z.union([z.number(), z.string()]).describe("A number, or a Stellar expression that gives one."),
  reason: z.string().optional().describe("Stellar expression; its text explains this very match."),
});

export type RuleConfig = z.output<typeof ruleConfig>;

/** What triage may reach: Stellar's functions, and the variables behind those of the message. */
export type TriageContext = { readonly environment: Environment; readonly variables: readonly Layer[] };

/** A rule that runs. */
export type Rule = {
  readonly name: string | undefined;
  readonly comment: string | undefined;
  /** The text of the score's expression. */
  readonly scoreText: string;
  /** Tells for each of some rows whether the predicate holds, as 1 or 0 in `matches`; rejects rows it fails on. */
  match(batch: Batch, rows: Uint32Array, matches: Uint8Array): void;
  /** The score of a message that matched. */
  score(batch: Batch, row: number): number | Rejection;
  /** The text that explains a match; null without one. */
  reason(batch: Batch, row: number): string | null;
};

const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;

/** Compiles a rule. Throws a `Fault` CONFIG_INVALID that names the expression with a mistake. */
export function openRule(config: RuleConfig, context: TriageContext): Rule {
  const title = config.name ?? config.rule;
  const scoreText = String(config.score);
  const predicate = compilePart("rule", config.rule, context);
  const score = compilePart("score", scoreText, context);
  const reason = config.reason === undefined ? undefined : compilePart("reason", config.reason, context);
  const constant = NUMBER.test(scoreText) ? Number(scoreText) : undefined;
  const fails = (part: string, why: string): Rejection =>
    new Rejection("threatintel_error", `${part} of triage rule "${title}": ${why}`);
  const variablesOf = variablesPerBatch(context.variables);

  return {
    name: config.name,
    comment: config.comment,
    scoreText,
    match: (batch, rows, matches) => {
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index] as number;
        matches[index] = 0;
        if (batch.live[row] === 0) continue;
        const holds = attempt(() => predicate.test(variablesOf(batch, row)));
        if (holds instanceof StellarError) batch.reject(row, fails("predicate", holds.message));
        else if (holds === null) batch.reject(row, fails("predicate", "it is null"));
        else if (holds) matches[index] = 1;
      }
    },
    score: (batch, row) => {
      if (constant !== undefined) return constant;
      const value = attempt(() => score.evaluate(variablesOf(batch, row)));
      if (value instanceof StellarError) return fails("score", value.message);
      return toDouble(value) ?? fails("score", `${toText(value)} is not a number`);
    },
    reason: (batch, row) => {
      if (reason === undefined) return null;
      const value = attempt(() => reason.evaluate(variablesOf(batch, row)));
      return value instanceof StellarError || value === null ? null : toText(value);
    },
  };
}

function compilePart(part: string, text: string, { environment }: TriageContext): Program {
  try {
    return compile(text, environment);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("CONFIG_INVALID", `${part} of a triage rule, \`${text}\`: ${error.message}`, {
      cause: error,
      details: { expression: text, ...error.span },
    });
  }
}

function variablesPerBatch(layers: readonly Layer[]): (batch: Batch, row: number) => RowVariables {
  let variables: RowVariables | undefined;
  let bound: Batch | undefined;
  return (batch, row) => {
    if (variables === undefined || bound !== batch) {
      variables = new RowVariables(batch, layers);
      bound = batch;
    }
    variables.row = row;
    return variables;
  };
}

function attempt<T>(run: () => T): T | StellarError {
  try {
    return run();
  } catch (error) {
    if (error instanceof StellarError) return error;
    throw error;
  }
}
