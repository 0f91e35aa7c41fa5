/** What an expression is evaluated in: the functions it may call, their services, and its variables. */

import { standardRegistry } from "../functions/index.ts";
import { StellarError } from "../language/error.ts";
import type { Registry } from "../language/function.ts";
import { fromMessage, StellarMap, type Value } from "../values/value.ts";
import type { Services } from "./services.ts";
import type { Variables } from "./variables.ts";

/** Immutable; to change functions or services make another, and expressions are compiled again for it. */
export type Environment = {
  readonly registry: Registry;
  readonly services: Services;
  /** Whether a variable nobody defined is null (as in every embedding of the original's pipeline) or an error. */
  readonly missing: "null" | "error";
};

/** An environment with what is given; the rest: the standard functions, the system clock, UTC, lenient variables. */
export function makeEnvironment(
  part: { registry?: Registry; services?: Partial<Services>; missing?: "null" | "error" } = {},
): Environment {
  return {
    registry: part.registry ?? standardRegistry,
    services: { now: Date.now, timeZone: "UTC", globals: () => new StellarMap(), ...part.services },
    missing: part.missing ?? "null",
  };
}

/** Plain names and values: a message, a configuration, variables of the shell. */
export type Layer = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/** Variables out of layers: the first layer with a value that is not null wins. Plain values convert by `fromMessage`. */
export function layered(...layers: readonly Layer[]): Variables {
  return {
    get(name) {
      let found: null | undefined;
      for (const layer of layers) {
        const value = lookUp(layer, name);
        if (value !== undefined && value !== null) return fromMessage(value);
        if (value === null) found = null;
      }
      return found;
    },
    all() {
      const all = new StellarMap();
      for (const layer of layers) {
        for (const [name, value] of layer instanceof Map ? layer : Object.entries(layer)) {
          if ((all.get(name) ?? null) === null) all.set(name, fromMessage(value));
        }
      }
      return all;
    },
  };
}

function lookUp(layer: Layer, name: string): unknown {
  if (layer instanceof Map) return layer.get(name);
  return Object.hasOwn(layer, name) ? (layer as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** What a variable is when evaluation comes upon it. */
export function resolve(name: string, value: Value | undefined, environment: Environment): Value {
  if (value !== undefined) return value;
  if (environment.missing === "error") throw new StellarError(`variable \`${name}\` is not defined`);
  return null;
}
