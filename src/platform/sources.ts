import type { SensorDocument } from "../config/sensor.ts";
import { type Catalogue, findNamed, openNamed } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import type { CaptureRequest, RunningCapture } from "../sources/capture/taking.ts";
import type { Positions, Source, SourceContext, SourceCounts, SourceDefinition } from "../sources/source.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import type { Intake } from "./intake.ts";
import { secretReader } from "./services/secrets.ts";

/** Takes a capture whose flows become records of a sensor. */
export type TakeFor = (sensor: string, request: CaptureRequest) => RunningCapture;

type Open = { readonly key: string; readonly source: Source };

/** How often it is looked whether sources lose records, how often that is logged, and how long it is told of. */
const LOOK_EVERY = 1000;
const LOG_EVERY = 60_000;
const TELL_FOR = 300_000;

/** What a source lost as far as was noticed: when last, and what was logged of it. */
type Loss = { dropped: number; since: number; at: number; logged: number; loggedAt: number };

type SourcesParts = {
  readonly intake: Pick<Intake, "deliver" | "refuse">;
  readonly context: Context;
  readonly allow: AllowPath;
  readonly catalogue: () => Catalogue<SourceDefinition>;
  readonly takeCapture: TakeFor;
  readonly positions: Positions;
  readonly shared: SourceContext["shared"];
  /** Which are opened in this process. */
  readonly isOpenedHere: (definition: SourceDefinition) => boolean;
};

/** The sources that the sensor documents name: opened, replaced and closed as documents are published. */
export class Sources implements AsyncDisposable {
  readonly #parts: SourcesParts;
  readonly #context: Context;
  readonly #open = new Map<string, Open>();
  #failed = new Map<string, string>();
  /** What was logged last of each source, so that a failure that lasts is told once. */
  readonly #told = new Map<string, string>();
  /** Counts of sources that were closed, so that a new one of the same name counts on. */
  readonly #past = new Map<string, SourceCounts>();
  readonly #losses = new Map<string, Loss>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: SourcesParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
  }

  /** Opens sources that are new, replaces those whose options changed, closes those that are gone. */
  async configure(documents: readonly SensorDocument[]): Promise<void> {
    const wanted = new Map<string, { sensor: string; name: string; options: unknown; key: string }>();
    for (const { sensor, source = {} } of documents) {
      for (const [name, options] of Object.entries(source)) {
        if (!this.#isOpenedHere(name)) continue;
        wanted.set(`${sensor}/${name}`, { sensor, name, options, key: JSON.stringify(options) });
      }
    }
    for (const [id, { key, source }] of this.#open) {
      if (wanted.get(id)?.key === key) continue;
      this.#open.delete(id);
      await source[Symbol.asyncDispose]();
      this.#keepCounts(id, source);
    }
    const failed = new Map<string, string>();
    for (const [id, { sensor, name, options, key }] of wanted) {
      const failure = this.#open.has(id) ? undefined : await this.#start(id, sensor, name, options, key);
      if (failure !== undefined) failed.set(sensor, failure);
    }
    // One that died while others were opened has told why; it is opened again as those are that did not open.
    for (const [id, { sensor }] of wanted)
      if (!this.#open.has(id) && !failed.has(sensor))
        failed.set(sensor, this.#told.get(id) ?? "its source has ended");
    this.#failed = failed;
  }

  addresses(): string[] {
    return [...this.#open].flatMap(([id, { source }]) =>
      source.addresses.map((address) => `${id} ${address}`),
    );
  }

  /** What keeps sources from running, by sensor. */
  problems(): ReadonlyMap<string, string> {
    return this.#failed;
  }

  /** What the sources did since the start, by `SENSOR/SOURCE`. */
  counts(): ReadonlyMap<string, SourceCounts> {
    const all = new Map(this.#past);
    for (const [id, { source }] of this.#open) all.set(id, sum(this.#past.get(id), source.counts()));
    return all;
  }

  /** Sources that threw records away within the last minutes, a sentence each. */
  losses(): string[] {
    this.#look();
    const now = this.#context.clock.now();
    return [...this.#losses].flatMap(([id, { dropped, at, since }]) =>
      now - at > TELL_FOR
        ? []
        : lossOf(id, dropped, new Date(since).toISOString(), this.#open.get(id)?.source.loss),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#open.values()].map(({ source }) => source[Symbol.asyncDispose]()));
    this.#open.clear();
  }

  /** A source that cannot start (its port is taken) is told of and left out; the platform runs without it. */
  async #start(
    id: string,
    sensor: string,
    name: string,
    options: unknown,
    key: string,
  ): Promise<string | undefined> {
    try {
      const source = await openNamed(this.#parts.catalogue(), name, options, this.#contextOf(sensor));
      this.#open.set(id, { key, source });
      // At a level that is seen wherever its failure was.
      if (this.#told.delete(id)) this.#context.log.warn("A source runs again.", { sensor, source: name });
      source.done.catch((error: Error) => {
        if (this.#open.get(id)?.source !== source) return;
        // It is opened again with the next look.
        this.#open.delete(id);
        this.#keepCounts(id, source);
        this.#failed.set(sensor, this.#tell(id, error));
      });
      return undefined;
    } catch (error) {
      return this.#tell(id, error as Error);
    }
  }

  #keepCounts(id: string, source: Source): void {
    this.#past.set(id, { ...sum(this.#past.get(id), source.counts()), peers: 0 });
  }

  /** Notes what was dropped since the last look, and logs it once in a while. */
  #look(): void {
    const now = this.#context.clock.now();
    for (const [id, { dropped }] of this.counts()) {
      const known = this.#losses.get(id) ?? {
        ...{ dropped: 0, since: now, at: 0 },
        ...{ logged: 0, loggedAt: Number.NEGATIVE_INFINITY },
      };
      if (dropped > known.dropped) this.#losses.set(id, Object.assign(known, { dropped, at: now }));
      if (known.dropped === known.logged || now - known.loggedAt < LOG_EVERY) continue;
      const loss = this.#open.get(id)?.source.loss;
      const sentence =
        loss === undefined
          ? "Records were thrown away: they came faster than they could be stored."
          : "Records were lost before they could be read.";
      this.#context.log.error(sentence, {
        source: id,
        records: known.dropped - known.logged,
        total: known.dropped,
      });
      Object.assign(known, { logged: known.dropped, loggedAt: now });
    }
  }

  #tell(id: string, { message }: Error): string {
    if (this.#told.get(id) !== message)
      this.#context.log.error("A source does not run; it is tried again.", { source: id, error: message });
    this.#told.set(id, message);
    return message;
  }

  /** A name that nobody knows is looked at here: opening it says what is wrong. */
  #isOpenedHere(name: string): boolean {
    const definition = findNamed(this.#parts.catalogue(), name);
    return definition === undefined || this.#parts.isOpenedHere(definition);
  }

  #contextOf(sensor: string): SourceContext {
    const { intake, allow, positions, shared, takeCapture } = this.#parts;
    return {
      ...this.#context,
      ...{ sensor, allow, positions, shared },
      readSecret: secretReader(allow),
      deliver: (name, block) => intake.deliver(name, block),
      refuse: (refusal) => intake.refuse(refusal),
      takeCapture: (request) => takeCapture(sensor, request),
    };
  }
}

function lossOf(id: string, records: number, since: string, loss: string | undefined): string {
  const some = `${records} record${records === 1 ? "" : "s"}`;
  return loss === undefined
    ? `${id} threw ${some} away since ${since}: they came faster than they could be stored, and their sender cannot wait`
    : `${id} lost ${some} since ${since}: ${loss}`;
}

function sum(past: SourceCounts | undefined, now: SourceCounts): SourceCounts {
  if (past === undefined) return now;
  return {
    records: past.records + now.records,
    bytes: past.bytes + now.bytes,
    refused: past.refused + now.refused,
    dropped: past.dropped + now.dropped,
    peers: now.peers,
  };
}
