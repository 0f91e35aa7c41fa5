import type { z } from "zod";
import type { Batch } from "../core/batch.ts";
import type { Definition } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import type { PlacedSecret, SecretReference } from "../core/secret.ts";

/**
 * A sink passes the messages of a sensor on to somebody else, at the end of the loop. Nothing of a block is kept as done before all
 * its sinks have it: each message is passed on at least once, and again when the block is read again.
 */

/** What a sink may reach beyond its configuration. */
export type SinkContext = Context & {
  /** The sensor whose messages it passes on. */
  readonly sensor: string;
  /** The text of a secret that the configuration names, at the moment it is used. Throws when it cannot be read. */
  readonly readSecret: (reference: SecretReference) => string;
};

/** A sink at work. Disposing of it gives up what is not acknowledged. */
export type Sink = AsyncDisposable & {
  /**
   * Passes the live rows of a batch on; resolves when the receiver has them. A message that is not taken is rejected in the
   * batch. Throws a `Fault` when none is taken now: the sink is then disposed of, and another one is opened to try again.
   */
  write(batch: Batch): Promise<void>;
};

/** Opening it connects to the receiver of the messages. Throws a `Fault` when the receiver is not reached. */
export type SinkDefinition<Name extends string = string, Config extends z.ZodType = z.ZodType> = Definition<
  Promise<Sink>,
  SinkContext,
  Name,
  Config
> & {
  /** The secrets that a configuration names, so that a check can refuse those that nobody can read. */
  secrets?(config: z.output<Config>): readonly PlacedSecret[];
};

/** States a sink. The literal type of its name is kept, so a wrong name in code does not compile. */
export function defineSink<const Name extends string, Config extends z.ZodType>(
  definition: SinkDefinition<Name, Config>,
): SinkDefinition<Name, Config> {
  return definition;
}
