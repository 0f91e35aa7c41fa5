import type { StellarMap, Value } from "../values/value.ts";

/** The variables an expression sees. */
export type Variables = {
  /** The value of a variable; undefined when nobody defined it. */
  get(name: string): Value | undefined;
  /** All of them, as the variable `_` shows them. */
  all(): StellarMap;
};
