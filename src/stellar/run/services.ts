/**
 * What functions may need from outside. The record is open: the provider of a service declares it beside the
 * service, and pipeline/stages.ts (or the shell) fills it in:
 *
 * ```ts
 * declare module "../stellar/run/services.ts" {
 *   interface Services { readonly profiles?: ProfileStore }
 * }
 * ```
 */
import type { StellarMap } from "../values/value.ts";

export interface Services {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** IANA name or offset of the zone that dates are read and written in. */
  readonly timeZone: string;
  /** The global configuration as it stands. */
  readonly globals?: () => StellarMap;
}
