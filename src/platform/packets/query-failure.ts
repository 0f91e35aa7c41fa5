import { Fault, type FaultCode } from "../../core/fault.ts";
import { StellarError } from "../../stellar/language/error.ts";

/** What a thread tells of why a query failed; without a code it is a bug, and the message its stack. */
export function failureOfQuery(error: unknown): {
  readonly code: FaultCode | undefined;
  readonly message: string;
} {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  if (error instanceof StellarError) return { code: "QUERY_INVALID", message: error.message };
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
