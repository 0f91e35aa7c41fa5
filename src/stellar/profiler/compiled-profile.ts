/** A profile whose expressions are compiled, once for all its entities. */
import type { Variables } from "../run/variables.ts";
import { StellarMap, type Value } from "../values/value.ts";
import type { Expressions, ProfileDefinition } from "./definition.ts";

/** Evaluates one expression; a variable nobody defined is null. Throws a StellarError. */
export type Evaluation = (variables: Variables) => Value;

/** `slot := expression` of `init` or `update`. */
export type Step = { readonly slot: number; readonly evaluate: Evaluation };

/** A required expression with its text, for messages about one that gives nothing. */
export type Outcome = { readonly name: string; readonly text: string; readonly evaluate: Evaluation };

/** Variables of an entity are values by slot: a million entities share the names. */
export class CompiledProfile {
  readonly definition: ProfileDefinition;
  /** The names of the variables, by slot. */
  readonly names: readonly string[];
  readonly init: readonly Step[];
  readonly update: readonly Step[];
  readonly result: Outcome;
  readonly triage: readonly Outcome[];
  readonly groupBy: readonly Outcome[];
  readonly #slots: ReadonlyMap<string, number>;

  /** @param compile throws a StellarError for what is no expression */
  constructor(definition: ProfileDefinition, compile: (expression: string) => Evaluation) {
    this.definition = definition;
    const { init, update, result, triage, groupBy } = definition;
    this.names = [...new Set([...init, ...update].map(([name]) => name))];
    this.#slots = new Map(this.names.map((name, slot) => [name, slot]));
    const steps = (list: Expressions): Step[] =>
      list.map(([name, text]) => ({ slot: this.#slots.get(name) ?? 0, evaluate: compile(text) }));
    const outcome = (name: string, text: string): Outcome => ({ name, text, evaluate: compile(text) });
    this.init = steps(init);
    this.update = steps(update);
    this.result = outcome("result", result);
    this.triage = triage.map(([name, text]) => outcome(name, text));
    this.groupBy = groupBy.map((text) => outcome("groupBy", text));
  }

  /** The variables of an entity above what is beneath them: its own hide those of the same name. */
  above(values: readonly (Value | undefined)[], beneath: Variables): Variables {
    return new Frame(this.#slots, values, beneath);
  }
}

class Frame implements Variables {
  readonly #slots: ReadonlyMap<string, number>;
  readonly #values: readonly (Value | undefined)[];
  readonly #beneath: Variables;

  constructor(
    slots: ReadonlyMap<string, number>,
    values: readonly (Value | undefined)[],
    beneath: Variables,
  ) {
    this.#slots = slots;
    this.#values = values;
    this.#beneath = beneath;
  }

  get(name: string): Value | undefined {
    const slot = this.#slots.get(name);
    return (slot === undefined ? undefined : this.#values[slot]) ?? this.#beneath.get(name);
  }

  all(): StellarMap {
    const all = new StellarMap([...this.#beneath.all()]);
    for (const [name, slot] of this.#slots) {
      const value = this.#values[slot];
      if (value !== undefined) all.set(name, value);
    }
    return all;
  }
}
