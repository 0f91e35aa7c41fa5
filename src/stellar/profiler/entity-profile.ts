/** What one profile knows about one entity. */

import { StellarError } from "../language/error.ts";
import type { Variables } from "../run/variables.ts";
import { StellarMap, type Value } from "../values/value.ts";
import type { Expressions, ProfileDefinition } from "./definition.ts";

/** Evaluates an expression; a variable nobody defined is null. Throws a StellarError. */
export type Evaluate = (expression: string, variables: Variables) => Value;

export type Measurement = {
  readonly profile: string;
  readonly entity: string;
  /** Number of the period, counted from the epoch. */
  readonly period: number;
  readonly value: Value;
  readonly groups: readonly Value[];
  readonly triage: ReadonlyMap<string, Value>;
};

/**
 * Counts the messages of an entity period by period. Its variables outlive a period: only those that
 * `init` sets begin again, so a counter that `init` forgets goes on counting, as in the original.
 */
export class EntityProfile {
  readonly #definition: ProfileDefinition;
  readonly #entity: string;
  readonly #evaluate: Evaluate;
  readonly #state = new Map<string, Value>();
  #isInitialised = false;
  #latest = 0;

  constructor(definition: ProfileDefinition, entity: string, evaluate: Evaluate) {
    this.#definition = definition;
    this.#entity = entity;
    this.#evaluate = evaluate;
  }

  /** Counts a message. After a StellarError it may have been counted in part: what was assigned stays. */
  apply(message: StellarMap, timestamp: number): void {
    const { init, update } = this.#definition;
    if (!this.#isInitialised) {
      this.#assign(init, message);
      this.#isInitialised = true;
    }
    this.#assign(update, message);
    this.#latest = Math.max(this.#latest, timestamp);
  }

  /**
   * The measurement of the period of the latest message, undefined when there was none since the last flush. Throws a
   * StellarError when there is nothing to measure; the period has ended either way.
   */
  flush(periodMillis: number): Measurement | undefined {
    if (!this.#isInitialised) return undefined;
    this.#isInitialised = false;
    const { profile, groupBy, result, triage } = this.#definition;
    const period = Math.floor(this.#latest / periodMillis);
    const value = this.#required(result, new StellarMap());
    const sent = triage.map(
      ([name, expression]) => [name, this.#required(expression, new StellarMap())] as const,
    );
    const known = new StellarMap([
      ["profile", profile],
      ["entity", this.#entity],
      ["start", BigInt(period * periodMillis)],
      ["end", BigInt((period + 1) * periodMillis)],
      ["duration", BigInt(periodMillis)],
      ["result", value],
    ]);
    const groups = groupBy.map((expression) => this.#required(expression, known));
    return { profile, entity: this.#entity, period, value, groups, triage: new Map(sent) };
  }

  /** An expression that returns null leaves its variable as it was. */
  #assign(expressions: Expressions, message: StellarMap): void {
    for (const [name, expression] of expressions) {
      const value = this.#evaluate(expression, this.#above(message));
      if (value !== null) this.#state.set(name, value);
    }
  }

  #required(expression: string, beneath: StellarMap): Value {
    const value = this.#evaluate(expression, this.#above(beneath));
    if (value !== null) return value;
    throw new StellarError(`the profile ${this.#definition.profile} has no value for \`${expression}\``);
  }

  /** The profile's own variables hide those of the same name beneath them. */
  #above(beneath: StellarMap): Variables {
    return {
      get: (name) => this.#state.get(name) ?? beneath.get(name),
      all: () => new StellarMap([...beneath, ...this.#state]),
    };
  }
}
