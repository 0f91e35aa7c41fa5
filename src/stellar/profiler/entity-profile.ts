/** What one profile knows about one entity. */

import { StellarError } from "../language/error.ts";
import type { Variables } from "../run/variables.ts";
import { StellarMap, type Value } from "../values/value.ts";
import type { CompiledProfile, Outcome, Step } from "./compiled-profile.ts";

export type Measurement = {
  readonly profile: string;
  readonly entity: string;
  /** Number of the period, counted from the epoch. */
  readonly period: number;
  readonly value: Value;
  readonly groups: readonly Value[];
  readonly triage: ReadonlyMap<string, Value>;
};

const NOTHING: Variables = { get: () => undefined, all: () => new StellarMap() };

/**
 * Counts the messages of an entity period by period. Its variables outlive a period: only those that
 * `init` sets begin again, so a counter that `init` forgets goes on counting, as in the original.
 */
export class EntityProfile {
  readonly entity: string;
  /** The variables, by slot of the compiled profile. */
  readonly values: (Value | undefined)[];
  /** Whether a message came in this period. */
  isInitialised = false;
  /** Milliseconds since the epoch: the latest message. */
  latest = 0;

  constructor({ names }: CompiledProfile, entity: string) {
    this.entity = entity;
    this.values = new Array<Value | undefined>(names.length).fill(undefined);
  }

  /** Counts a message. After a StellarError it may have been counted in part: what was assigned stays. */
  apply(profile: CompiledProfile, message: Variables, timestamp: number): void {
    const variables = profile.above(this.values, message);
    if (!this.isInitialised) {
      this.#assign(profile.init, variables);
      this.isInitialised = true;
    }
    this.#assign(profile.update, variables);
    if (timestamp > this.latest) this.latest = timestamp;
  }

  /**
   * The measurement of the period of the latest message, undefined when there was none since the last flush. Throws a
   * StellarError when there is nothing to measure; the period has ended either way.
   * @param period number of the period, for who knows it
   */
  flush(
    profile: CompiledProfile,
    periodMillis: number,
    period = Math.floor(this.latest / periodMillis),
  ): Measurement | undefined {
    if (!this.isInitialised) return undefined;
    this.isInitialised = false;
    const { definition, result, triage, groupBy } = profile;
    const own = profile.above(this.values, NOTHING);
    const required = ({ text, evaluate }: Outcome, variables: Variables): Value => {
      const value = evaluate(variables);
      if (value !== null) return value;
      throw new StellarError(`the profile ${definition.profile} has no value for \`${text}\``);
    };
    const value = required(result, own);
    const sent = triage.map((outcome) => [outcome.name, required(outcome, own)] as const);
    const groups = groupBy.length === 0 ? [] : this.#groups(profile, value, period, periodMillis, required);
    return {
      ...{ profile: definition.profile, entity: this.entity },
      ...{ period, value, groups, triage: new Map(sent) },
    };
  }

  #groups(
    profile: CompiledProfile,
    value: Value,
    period: number,
    periodMillis: number,
    required: (outcome: Outcome, variables: Variables) => Value,
  ): Value[] {
    const known = new StellarMap([
      ["profile", profile.definition.profile],
      ["entity", this.entity],
      ["start", BigInt(period * periodMillis)],
      ["end", BigInt((period + 1) * periodMillis)],
      ["duration", BigInt(periodMillis)],
      ["result", value],
    ]);
    const variables = profile.above(this.values, { get: (name) => known.get(name), all: () => known });
    return profile.groupBy.map((outcome) => required(outcome, variables));
  }

  /** An expression that returns null leaves its variable as it was. */
  #assign(steps: readonly Step[], variables: Variables): void {
    for (const { slot, evaluate } of steps) {
      const value = evaluate(variables);
      if (value !== null) this.values[slot] = value;
    }
  }
}
