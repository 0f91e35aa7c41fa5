import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { Rejection } from "../core/rejection.ts";
import { YES } from "../stellar/run/bind.ts";
import { AGGREGATORS, aggregate } from "./aggregate.ts";
import { AlertFlag } from "./alert-flag.ts";
import { openRule, type Rule, ruleConfig, type TriageContext } from "./rule.ts";
import { RuleColumns } from "./rule-columns.ts";

export type { TriageContext } from "./rule.ts";

export const triageConfig = z.strictObject({
  aggregator: z
    .enum(AGGREGATORS)
    .default("MAX")
    .describe("How the scores of the rules that match become one."),
  aggregation: z
    .strictObject({
      negativeValuesTrump: z
        .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
        .default(true)
        .describe("Whether one negative score makes the score of the message negative infinity."),
    })
    .prefault({})
    .describe("Options of the aggregator."),
  points: z
    .boolean()
    .default(true)
    .describe(
      "Whether the number that a computed score came to stands beside its text, as `threat.triage.rules.N.points`.",
    ),
  rules: z
    .array(ruleConfig)
    .default([])
    .describe(
      "Rules, in order; of two with the same predicate the second is ignored. Only alerts are scored.",
    ),
});

export type TriageConfig = z.output<typeof triageConfig>;

/**
 * The triage stage: decides which messages are alerts (`is_alert`, or any hit of threat intelligence), and scores
 * these. Without a configuration it only decides. Throws a `Fault` CONFIG_INVALID for an expression with a mistake.
 */
export function openTriage(config: TriageConfig | undefined, context: TriageContext): (batch: Batch) => void {
  const flag = new AlertFlag();
  const rules = distinct(config?.rules ?? []).map((rule) => openRule(rule, context));
  if (config === undefined || rules.length === 0) return (batch) => void flag.mark(batch);
  const scorer = new Scorer(config, rules);
  return (batch) => scorer.score(batch, flag.mark(batch));
}

/** Scores alerts: rule by rule down the columns first, then message by message. */
class Scorer {
  readonly #config: TriageConfig;
  readonly #rules: readonly Rule[];
  readonly #columns: RuleColumns;
  /** For each rule and row, whether it matched. */
  #matches: Uint8Array[];
  #selection = new Uint8Array(1024);

  constructor(config: TriageConfig, rules: readonly Rule[]) {
    this.#config = config;
    this.#rules = rules;
    this.#columns = new RuleColumns(rules);
    this.#matches = rules.map(() => new Uint8Array(1024));
  }

  /** @param alerts rows of the batch, ascending. */
  score(batch: Batch, alerts: Uint32Array): void {
    if (alerts.length === 0) return;
    if (this.#selection.length < batch.rows) {
      this.#matches = this.#rules.map(() => new Uint8Array(batch.capacity));
      this.#selection = new Uint8Array(batch.capacity);
    }
    this.#match(batch, alerts);
    this.#columns.bind(batch);
    for (let index = 0; index < alerts.length; index++) {
      const row = alerts[index] as number;
      if (batch.live[row] === 1) this.#scoreRow(batch, row);
    }
  }

  /** Rules look at alerts only: the selection is narrowed to them, and afterwards lacks the rows that failed. */
  #match(batch: Batch, alerts: Uint32Array): void {
    const { live } = batch;
    const selection = this.#selection.fill(0, 0, batch.rows);
    for (let index = 0; index < alerts.length; index++) selection[alerts[index] as number] = 1;
    batch.live = selection;
    try {
      for (const [index, rule] of this.#rules.entries()) {
        rule.match(batch, this.#matches[index] as Uint8Array);
      }
    } finally {
      batch.live = live;
    }
    for (let index = 0; index < alerts.length; index++) {
      const row = alerts[index] as number;
      if (selection[row] === 0) live[row] = 0;
    }
  }

  #scoreRow(batch: Batch, row: number): void {
    const { aggregator, aggregation } = this.#config;
    // Most messages match no rule, so the list is made for those that do.
    let scores: number[] | undefined;
    for (let number = 0; number < this.#rules.length; number++) {
      if ((this.#matches[number] as Uint8Array)[row] !== YES) continue;
      const rule = this.#rules[number] as Rule;
      const score = rule.score(batch, row);
      if (score instanceof Rejection) {
        batch.reject(row, score);
        return;
      }
      this.#columns.write(
        row,
        scores?.length ?? 0,
        number,
        rule.reason(batch, row),
        this.#config.points && rule.isComputed ? score : undefined,
      );
      if (scores === undefined) scores = [score];
      else scores.push(score);
    }
    if (scores === undefined) return;
    this.#columns.score.setDouble(row, aggregate(scores, aggregator, aggregation.negativeValuesTrump));
  }
}

function distinct(rules: TriageConfig["rules"]): TriageConfig["rules"] {
  return rules.filter((rule, index) => rules.findIndex((other) => other.rule === rule.rule) === index);
}
