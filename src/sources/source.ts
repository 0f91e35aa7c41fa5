import type { z } from "zod";
import type { Block } from "../core/block.ts";
import type { Definition } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import type { PlacedSecret, SecretReference } from "../core/secret.ts";
import type { AllowPath, FileUse } from "../storage/allowed-folders.ts";
import type { TakeCapture } from "./capture/taking.ts";

/**
 * A source turns what arrives into blocks of records and hands them over. It parses nothing and loses nothing: what
 * it took is durable when `deliver` resolves, and while that takes long the source reads no further, so that the
 * pressure reaches the sender.
 */

/** Makes a block durable for a sensor. Rejects only when it never will be: the sensor is gone, the platform stops. */
export type Deliver = (sensor: string, block: Block) => Promise<unknown>;

/** Bytes that never became a record, because there are too many of them or their framing broke. */
export type Refusal = {
  readonly sensor: string;
  /** One sentence for the analyst: what was expected and what came, and from whom. */
  readonly reason: string;
  /** How many bytes there were. */
  readonly length: number;
  /** The first of them, at most 64 KB. */
  readonly head: Uint8Array;
};

/** Where a source that can go on after a restart keeps how far it came, by a key of its own. */
export type Positions = {
  load(key: string): unknown;
  save(key: string, position: { readonly [field: string]: number | string }): Promise<void>;
};

/** Positions of a source that any process of an installation could read from; they move along with what is read. */
export type SharedPositions = Positions & {
  /** Resolves when what others have saved until now is known here. */
  catchUp(): Promise<void>;
};

/**
 * Which of the parts 0 to `parts - 1` of something are to be read here, of all processes that could: at once, and again whenever that
 * changes. To ask for the next value is to say that what is not in the last one has been let go; nobody else reads it before. Ends
 * when the signal aborts.
 */
type Share = (name: string, parts: number, signal: AbortSignal) => AsyncIterable<readonly number[]>;

/** What a source shares where no other process could read from it: nothing. */
export function unshared(positions: Positions): {
  readonly positions: SharedPositions;
  readonly share: Share;
} {
  return { positions: { ...positions, catchUp: async () => {} }, share: shareAll };
}

/** The share of a reader without others: everything, until the signal aborts. */
async function* shareAll(
  _name: string,
  parts: number,
  signal: AbortSignal,
): AsyncGenerator<readonly number[], void> {
  if (signal.aborted) return;
  yield Array.from({ length: parts }, (_, part) => part);
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

/** What a source may reach beyond its configuration. */
export type SourceContext = Context & {
  /** The sensor that all records of this source belong to. */
  readonly sensor: string;
  readonly deliver: Deliver;
  readonly refuse: (refusal: Refusal) => void;
  /** Where a source about this machine, such as its files, keeps how far it came. */
  readonly positions: Positions;
  /** For a source that any process could read from (`isShared` in its definition). */
  readonly shared: { readonly positions: SharedPositions; readonly share: Share };
  /** Takes captured packets, whose flows become records of the sensor. */
  readonly takeCapture: TakeCapture;
  /** Every file that the configuration names passes through here, each time before it is opened. */
  readonly allow: AllowPath;
  /** The text of a secret that the configuration names, at the moment it is used. Throws when it cannot be read. */
  readonly readSecret: (reference: SecretReference) => string;
};

/** What a source did so far. */
export type SourceCounts = {
  /** Records delivered, and their bytes. */
  readonly records: number;
  readonly bytes: number;
  /** See `Refusal`. */
  readonly refused: number;
  /** Records that were lost: most often because a peer that cannot wait (UDP) sent faster than they could be stored. */
  readonly dropped: number;
  /** Connections or files open now. */
  readonly peers: number;
};

/** A source at work. Disposing of it stops the intake and delivers what it already took. */
export type Source = AsyncDisposable & {
  counts(): SourceCounts;
  /** Addresses it listens on, such as `tcp://127.0.0.1:5514`; none for those that do not. */
  readonly addresses: readonly string[];
  /** Resolves when there is nothing more to come; rejects with the fault that ended it. */
  readonly done: Promise<void>;
  /** How records get lost that count as dropped, for a sentence; they came faster than they could be stored when left out. */
  readonly loss?: string;
};

/** A port that a source listens on; 0 is a free one. */
export type ListenPort = { readonly protocol: "tcp" | "udp"; readonly host: string; readonly port: number };

/** Opening it begins the intake. Throws a `Fault` when it cannot (PORT_IN_USE, INPUT_UNREADABLE, CONFIG_INVALID). */
export type SourceDefinition<Name extends string = string, Config extends z.ZodType = z.ZodType> = Definition<
  Promise<Source>,
  SourceContext,
  Name,
  Config
> & {
  /**
   * Whether every process of an installation could read the same from it: workers open it then, and `context.shared` says what each
   * reads. Others listen, or are about their machine, and are opened where records come in.
   */
  readonly isShared?: boolean;
  /** The ports that a configuration listens on, so that a check can tell which are taken. */
  listens?(config: z.output<Config>): readonly ListenPort[];
  /** The files and folders that a configuration names, so that a check can refuse them without opening anything. */
  paths?(config: z.output<Config>): readonly { readonly path: string; readonly use: FileUse }[];
  /** The topic of others that records come from, which their metadata name in place of the sensor's own. */
  topic?(config: z.output<Config>): string;
  /** The secrets that a configuration names, so that a check can refuse those that nobody can read. */
  secrets?(config: z.output<Config>): readonly PlacedSecret[];
};

/** States a source. The literal type of its name is kept, so a wrong name in code does not compile. */
export function defineSource<const Name extends string, Config extends z.ZodType>(
  definition: SourceDefinition<Name, Config>,
): SourceDefinition<Name, Config> {
  return definition;
}

/** How much of refused bytes is kept. */
export const HEAD_BYTES = 64 * 1024;
