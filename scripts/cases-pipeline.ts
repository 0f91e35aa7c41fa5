export type Json = Readonly<Record<string, unknown>>;

/** A line of a file of cases. `input` is the record for a pipeline, else a message. */
export type Line = {
  readonly id: string;
  readonly kind: "transform" | "validation" | "triage" | "enrich" | "pipeline";
  readonly transform: Json;
  readonly sensorConfigs?: readonly Json[];
  readonly validation: Json;
  readonly enrichmentConfig: Json;
  readonly strategy?: string;
  readonly knownHosts?: string | readonly Json[];
  readonly parserClass: string;
  readonly sensor: string;
  readonly sensorConfig: Json;
  readonly metadata?: Json;
  readonly global?: Json;
  readonly grokPatterns?: readonly string[];
  readonly input: unknown;
  readonly inputBase64?: string;
  readonly now: number;
  readonly tz: string;
  readonly error?: boolean;
  readonly errorScope?: string;
  readonly dropped?: boolean;
  readonly expect?: Json;
  readonly expectMessages?: readonly Json[];
  readonly expectValid?: boolean;
  readonly expectAbsent?: readonly string[];
  readonly expectErrors?: readonly Json[];
  readonly expectTaskErrors?: number;
  readonly exact?: boolean;
  readonly orderDependent?: readonly string[];
};

/** What came out of ours, all numbers plain. */
export type Outcome = {
  readonly messages: readonly Json[];
  /** Types and reasons of what was rejected. */
  readonly rejected: readonly { readonly type: string; readonly reason: string }[];
  readonly errors: readonly Json[];
  /** Why the configuration was refused, if it was. */
  readonly refused: string | undefined;
};
