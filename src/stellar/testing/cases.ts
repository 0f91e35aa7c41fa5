import type { Value } from "../values/value.ts";

/** A recorded case. `expect` and `type` are absent when the original raised an error. */
export type Case = {
  readonly expr: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly varTypes?: Readonly<Record<string, string>>;
  readonly varsTyped?: Readonly<Record<string, unknown>>;
  readonly missing?: "null";
  readonly predicate?: boolean;
  readonly expect?: unknown;
  readonly type?: string;
  readonly expectTyped?: unknown;
  readonly mapEntries?: boolean;
  readonly error?: boolean;
  readonly errorInfo?: { readonly cause?: string; readonly message?: string };
  readonly tol?: number;
  readonly tz?: string;
};

/** What we made of a case: a value, or the text of the error. */
export type Outcome = { readonly value: Value } | { readonly error: string };
