/** A profiler in one place: routes messages to the entities of its profiles and measures them when told to. */

import { StellarError } from "../language/error.ts";
import type { Variables } from "../run/variables.ts";
import { checkCollectionSize } from "../values/budget.ts";
import { toBoolean, toLong } from "../values/conversion.ts";
import { type Opaque, type StellarMap, toText, type Value } from "../values/value.ts";
import { CompiledProfile } from "./compiled-profile.ts";
import type { ProfilerDefinition } from "./definition.ts";
import { EntityProfile, type Measurement } from "./entity-profile.ts";

/** Evaluates an expression; a variable nobody defined is null. Throws a StellarError. */
export type Evaluate = (expression: string, variables: Variables) => Value;

export type ProfilerParts = {
  readonly evaluate: Evaluate;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly periodMillis: number;
  /** Told of a profile that failed; the others go on. */
  readonly failed: (profile: string, error: StellarError) => void;
};

/** A profile with the entities it has seen. */
type Profiled = { readonly compiled: CompiledProfile; readonly entities: Map<string, EntityProfile> };

export class Profiler implements Opaque {
  static readonly stellarType = "profiler";
  readonly stellarType = "profiler";
  readonly periodMillis: number;
  readonly #definition: ProfilerDefinition;
  readonly #parts: ProfilerParts;
  readonly #profiles: readonly Profiled[];
  #messages = 0;
  #routes = 0;

  constructor(definition: ProfilerDefinition, parts: ProfilerParts) {
    this.#definition = definition;
    this.#parts = parts;
    this.periodMillis = parts.periodMillis;
    // What is no expression fails with the first message that needs it.
    this.#profiles = definition.profiles.map((profile) => ({
      compiled: new CompiledProfile(
        profile,
        (expression) => (variables) => parts.evaluate(expression, variables),
      ),
      entities: new Map(),
    }));
  }

  /** Counts a message for the entities that the profiles see in it. */
  apply(message: StellarMap): void {
    this.#messages++;
    for (const profile of this.#profiles) this.#attempt(profile, () => this.#route(profile, message));
  }

  /** Ends the period: the measurements of all entities that had messages. */
  flush(): Measurement[] {
    const measurements: Measurement[] = [];
    for (const profile of this.#profiles) {
      for (const entity of profile.entities.values()) {
        this.#attempt(profile, () => {
          const measurement = entity.flush(profile.compiled, this.periodMillis);
          if (measurement !== undefined) measurements.push(measurement);
        });
      }
    }
    return measurements;
  }

  toText(): string {
    const { length } = this.#definition.profiles;
    return `Profiler{${length} profile(s), ${this.#messages} messages(s), ${this.#routes} route(s)}`;
  }

  #route({ compiled, entities }: Profiled, message: StellarMap): void {
    const { evaluate } = this.#parts;
    const profile = compiled.definition;
    const fields: Variables = { get: (name) => message.get(name), all: () => message };
    const applies = toBoolean(evaluate(profile.onlyif, fields));
    if (applies === null) throw new StellarError(`\`${profile.onlyif}\` gives neither true nor false`);
    if (!applies) return;
    const timestamp = this.#timestampOf(message);
    if (timestamp === undefined) return;
    const value = evaluate(profile.foreach, fields);
    if (value === null) throw new StellarError(`\`${profile.foreach}\` names no entity`);
    this.#routes++;
    const name = toText(value);
    const entity = entities.get(name) ?? new EntityProfile(compiled, name);
    checkCollectionSize(entities.size + 1);
    entities.set(name, entity);
    entity.apply(compiled, fields, timestamp);
  }

  /** Undefined when the message should say when it happened and does not: it is ignored. */
  #timestampOf(message: StellarMap): number | undefined {
    const { timestampField } = this.#definition;
    if (timestampField === undefined) return this.#parts.now();
    const moment = toLong(message.get(timestampField) ?? null);
    return moment === null ? undefined : Number(moment);
  }

  #attempt({ compiled }: Profiled, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      this.#parts.failed(compiled.definition.profile, error);
    }
  }
}
