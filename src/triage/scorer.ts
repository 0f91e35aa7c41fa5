import type { FiredRule, TriageScorer } from "../stellar/functions/triage-management.ts";
import { StellarError } from "../stellar/language/error.ts";
import { compile } from "../stellar/run/compile.ts";
import { type Environment, layered } from "../stellar/run/environment.ts";
import { type StellarMap, toDouble, toMessage, toText, type Value } from "../stellar/values/value.ts";
import { AGGREGATORS, type Aggregator, aggregate } from "./aggregate.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * What THREAT_TRIAGE_SCORE asks: scores one message by the rules of an enrichment document of Metron's form.
 * @param environment asked for at each call, because it is the one this becomes a service of
 */
export function triageScorer(environment: () => Environment): TriageScorer {
  return (document, message) => {
    const { threatIntel = {}, configuration = {} } = plain(document) as {
      threatIntel?: Json;
      configuration?: Json;
    };
    const triage = (threatIntel.triageConfig ?? {}) as Json;
    const variables = layered(plain(message), configuration, (threatIntel.config ?? {}) as Json);
    const evaluate = (text: string): Value => compile(text, environment()).evaluate(variables);

    const rules: FiredRule[] = [];
    const scores: number[] = [];
    for (const rule of (triage.riskLevelRules ?? []) as Json[]) {
      const predicate = String(rule.rule);
      const holds = compile(predicate, environment()).test(variables);
      if (holds === null) throw new StellarError(`the rule \`${predicate}\` is null`);
      if (!holds) continue;
      const scoreText = String(rule.score);
      const score = toDouble(evaluate(scoreText));
      if (score === null) throw new StellarError(`the score \`${scoreText}\` is not a number`);
      const reason = rule.reason === undefined || rule.reason === null ? null : evaluate(String(rule.reason));
      scores.push(score);
      rules.push({
        name: textOf(rule.name),
        comment: textOf(rule.comment),
        rule: predicate,
        score: scoreText,
        reason: reason === null ? undefined : toText(reason),
      });
    }
    const aggregator = aggregatorOf(triage.aggregator);
    const { negativeValuesTrump = true } = (triage.aggregationConfig ?? {}) as Json;
    const trump = String(negativeValuesTrump) !== "false";
    return { score: aggregate(scores, aggregator, trump), aggregator, rules };
  };
}

function plain(map: StellarMap): Json {
  return toMessage(map) as Json;
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function aggregatorOf(name: unknown): Aggregator {
  const found = AGGREGATORS.find((known) => known === (name ?? "MAX"));
  if (found === undefined) {
    throw new StellarError(`there is no aggregator \`${String(name)}\`; known are ${AGGREGATORS.join(", ")}`);
  }
  return found;
}
