import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { Fault } from "../core/fault.ts";
import { Rejection } from "../core/rejection.ts";
import { StellarError } from "../stellar/language/error.ts";
import { expression, predicate, score } from "../stellar/language/option.ts";
import { type Bound, bind, NOTHING } from "../stellar/run/bind.ts";
import { compile, type Program } from "../stellar/run/compile.ts";
import type { Environment, Layer } from "../stellar/run/environment.ts";
import { toDouble, toText } from "../stellar/values/value.ts";

export const ruleConfig = z.strictObject({
  name: z.string().optional().describe("Short name the analyst reads; may be left out."),
  comment: z.string().optional().describe("Why the rule exists; may be left out."),
  rule: predicate().describe("Stellar predicate over the message."),
  score: z.union([z.number(), score()]).describe("A number, or a Stellar expression that gives one."),
  reason: expression()
    .optional()
    .describe("Stellar expression; its text explains this very match. No reason is given when left out."),
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
  /** Whether the score is an expression, so that the text does not tell the points. */
  readonly isComputed: boolean;
  /** Puts YES into `matches` for each row in the selection where the predicate holds; rejects rows it fails on. */
  match(batch: Batch, matches: Uint8Array): void;
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
  const test = compilePart("rule", config.rule, context);
  const points = compilePart("score", scoreText, context);
  const reason = config.reason === undefined ? undefined : compilePart("reason", config.reason, context);
  const constant = NUMBER.test(scoreText) ? Number(scoreText) : undefined;
  const fails = (part: string, why: string): Rejection =>
    new Rejection("threatintel_error", `${part} of triage rule "${title}": ${why}`);
  const bindings = new Bindings(context.variables);

  return {
    name: config.name,
    comment: config.comment,
    scoreText,
    isComputed: constant === undefined,
    match: (batch, matches) => {
      const bound = bindings.of(test, batch);
      bound.select(matches);
      for (const [row, error] of bound.failures) batch.reject(row, fails("predicate", error.message));
      for (let row = 0; row < batch.rows; row++) {
        if (matches[row] === NOTHING && batch.live[row] === 1)
          batch.reject(row, fails("predicate", "it is null"));
      }
    },
    score: (batch, row) => {
      if (constant !== undefined) return constant;
      const value = attempt(() => bindings.of(points, batch).value(row));
      if (value instanceof StellarError) return fails("score", value.message);
      return toDouble(value) ?? fails("score", `${toText(value)} is not a number`);
    },
    reason: (batch, row) => {
      if (reason === undefined) return null;
      const value = attempt(() => bindings.of(reason, batch).value(row));
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

/** Programs bound to the batch object at hand: a worker has one, so each is bound once. */
class Bindings {
  readonly #layers: readonly Layer[];
  readonly #bound = new Map<Program, Bound>();
  #batch: Batch | undefined;

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  of(program: Program, batch: Batch): Bound {
    if (this.#batch !== batch) {
      this.#batch = batch;
      this.#bound.clear();
    }
    let bound = this.#bound.get(program);
    if (bound === undefined) {
      bound = bind(program, batch, this.#layers);
      this.#bound.set(program, bound);
    }
    return bound;
  }
}

function attempt<T>(run: () => T): T | StellarError {
  try {
    return run();
  } catch (error) {
    if (error instanceof StellarError) return error;
    throw error;
  }
}
