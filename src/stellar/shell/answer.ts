import type { Value } from "../values/value.ts";

/** What a line answers. */
export type Answer =
  | { readonly kind: "nothing" }
  | { readonly kind: "quit" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "error"; readonly message: string }
  | {
      readonly kind: "value";
      readonly value: Value;
      /** The variable it was assigned to. */
      readonly name?: string;
      /** How long it took, when asked with %time. */
      readonly milliseconds?: number;
    };
