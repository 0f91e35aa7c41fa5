import { randomUUID } from "node:crypto";
import { CAPTURES_KEPT, type CaptureState } from "../../api/captures.ts";
import { AuthorError } from "../../core/author-error.ts";
import type { Block } from "../../core/block.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { compileTcpdumpFilter } from "../../pcap/filters/tcpdump/tcpdump-filter.ts";
import type { CaptureInput, CaptureRequest, RunningCapture } from "../../sources/capture/taking.ts";
import type { PacketHandle } from "../../storage/packets/contract.ts";
import type { Table } from "../../storage/table/contract.ts";
import { CaptureThreads } from "./capture-threads.ts";
import { endedLongestAgo } from "./state-of.ts";
import { type CaptureThread, startCaptureThread } from "./thread.ts";

export type CapturesParts = {
  readonly packets: () => PacketHandle;
  readonly deliver: (sensor: string, block: Block) => Promise<unknown>;
  /** Keeps what is known of captures over a restart. */
  readonly table: Table;
  readonly context: Context;
};

/** A capture as the platform holds it while it is taken. */
type Entry = {
  readonly state: CaptureState;
  readonly thread: CaptureThread;
  savedAt: number;
  /** Packets that are stored as far as was saved. */
  savedStored: number;
  isStopped: boolean;
  /** Whether none of it was taken by an earlier run. */
  readonly isFresh: boolean;
  /** What is wrong with it, as far as it was read. */
  damage: string | undefined;
};

/** Uploads at the same time: each has a thread. */
const UPLOADS = 4;
const SAVE_EVERY = 2000;
const TYPE = "capture";

/** What a capture is while nothing was read of it. */
const NOTHING = {
  ...{ read: 0, interfaces: [], packets: 0, bytes: 0, stored: 0, flows: 0, records: 0 },
  ...{ dropped: 0, filtered: 0, shortened: 0, unreadable: 0, problems: [], problemCount: 0, notes: [] },
} satisfies Partial<CaptureState>;

/** The captures that are being taken, each in a thread of its own, and those that were. */
export class Captures implements AsyncDisposable {
  readonly #parts: CapturesParts;
  readonly #running = new Map<string, Entry>();
  readonly #known = new Map<string, CaptureState>();
  readonly #threads = new CaptureThreads();
  readonly #watchers = new Set<(state: CaptureState) => void>();
  #isClosing = false;

  private constructor(parts: CapturesParts) {
    this.#parts = parts;
  }

  /** Reads what is known of earlier captures: those that had not ended were interrupted. */
  static async open(parts: CapturesParts): Promise<Captures> {
    const captures = new Captures(parts);
    for (const { key, value } of parts.table.range(TYPE)) {
      // Nothing else writes under this type.
      const state = value as unknown as CaptureState;
      captures.#known.set(key, state);
      if (state.endedAt === undefined) await captures.#save(interrupted(state, parts.context.clock.now()));
    }
    return captures;
  }

  /**
   * Begins to take a capture, whose flows become records of a sensor.
   * @throws Fault REQUEST_INVALID for a filter with a mistake, TOO_BUSY when too many uploads run
   */
  take(
    sensor: string,
    request: CaptureRequest,
  ): RunningCapture & { readonly id: string; state(): CaptureState } {
    const { context, packets, deliver } = this.#parts;
    const { name, input, by, size, after, filter, snapLength, cutoff, packetsOnly = false } = request;
    if (this.#isClosing) throw new Fault("TOO_BUSY", `taking ${name}: the platform is stopping`);
    if (input.kind === "stream") this.#admit(name);
    if (input.kind !== "interface") checkFilter(filter);
    const id = randomUUID();
    const started: CaptureState = {
      ...{ id, name, by, kind: kindOf(input), state: "running", startedAt: context.clock.now() },
      ...(size !== undefined && { size }),
      ...(filter !== undefined && filter.trim() !== "" && { filter }),
      ...(snapLength !== undefined && { snapLength }),
      ...(cutoff !== undefined && { cutoff }),
      ...(packetsOnly && { packetsOnly }),
      ...NOTHING,
    };
    let progress = { packets: after?.packets ?? 0, records: after?.records ?? 0 };
    const thread = startCaptureThread({
      threads: this.#threads,
      start: {
        name,
        input: isSent(input) ? { kind: "stream", isEndless: input.kind === "topic" } : input,
        choice: { filter, snapLength, cutoff },
        isPacketsOnly: packetsOnly,
        after,
        packets: packets(),
      },
      bytes: isSent(input) ? input.bytes : undefined,
      deliver: (block) => deliver(sensor, block),
      log: context.log,
      onState: ({ damage, ...state }, reached, waits) => {
        const { error: _, ...before } = this.#state(id);
        entry.damage = damage;
        const waiting =
          waits === undefined ? { state: "running" as const } : { state: "waiting" as const, error: waits };
        this.#note({ ...before, ...state, ...waiting });
        const isFurther = reached.packets !== progress.packets || reached.records !== progress.records;
        progress = reached;
        if (isFurther) request.onProgress?.(reached);
      },
    });
    const entry: Entry = {
      ...{ state: started, thread, savedAt: 0, savedStored: 0, isStopped: false, damage: undefined },
      isFresh: progress.packets === 0,
    };
    this.#running.set(id, entry);
    this.#note(started);
    context.log.info("A capture is taken.", { id, name, by });
    const done = thread.ended.then(
      (broken) => this.#end(id, entry.isStopped ? "stopped" : endOf(entry, broken), broken),
      async (error: unknown) => {
        if (input.kind === "interface" && this.#state(id).read === 0) {
          // One that cannot be captured is tried again and again; the problems of its source tell of it.
          this.#running.delete(id);
          this.#known.delete(id);
        } else await this.#end(id, "failed", error instanceof Error ? error.message : String(error));
        throw error;
      },
    );
    done.catch(() => undefined);
    return {
      id,
      begun: thread.begun,
      done,
      state: () => this.#state(id),
      counts: () => {
        const { bytes, unreadable, dropped, error } = this.#state(id);
        return { ...progress, bytes, unreadable, dropped, problem: error };
      },
      stop: () => this.#stop(entry),
    };
  }

  /** The latest first. */
  list(): CaptureState[] {
    return [...this.#known.values()].sort((one, other) => other.startedAt - one.startedAt);
  }

  /** Throws Fault NOT_FOUND. */
  get(id: string): CaptureState {
    const state = this.#known.get(id);
    if (state === undefined)
      throw new Fault("NOT_FOUND", `looking for capture ${id}: there is no such capture`);
    return state;
  }

  /** Ends a capture and answers what became of it; removes one that ended before. Throws Fault NOT_FOUND. */
  async stop(id: string, by: string): Promise<CaptureState> {
    const state = this.get(id);
    const entry = this.#running.get(id);
    this.#parts.context.log.info("A capture was told to end.", { id, name: state.name, by });
    if (entry === undefined) {
      this.#known.delete(id);
      await this.#parts.table.delete(TYPE, id);
      return state;
    }
    this.#stop(entry);
    await entry.thread.ended.catch(() => undefined);
    return this.get(id);
  }

  /** Tells of each change until the signal aborts. */
  watch(watcher: (state: CaptureState) => void, signal: AbortSignal): void {
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    const entries = [...this.#running.values()];
    for (const entry of entries) this.#stop(entry);
    await Promise.allSettled(entries.map(({ thread }) => thread.ended));
    await this.#threads[Symbol.asyncDispose]();
  }

  #admit(name: string): void {
    const uploads = [...this.#running.keys()].filter((id) => this.#state(id).kind === "upload").length;
    if (uploads < UPLOADS) return;
    throw new Fault(
      "TOO_BUSY",
      `taking ${name}: ${uploads} captures are being uploaded, and more are not taken at once`,
    );
  }

  #stop(entry: Entry): void {
    entry.isStopped = true;
    entry.thread.stop();
  }

  async #end(id: string, state: CaptureState["state"], error: string | undefined) {
    const { error: _, ...before } = this.#state(id);
    const entry = this.#running.get(id);
    const damage = entry?.damage;
    const why = state === "stopped" ? "it was stopped; what was read before is stored" : error;
    const told = state === "damaged" ? damage : why;
    const others = [
      state === "damaged" ? undefined : damage,
      entry?.isFresh === true ? takenBefore(before, this.list()) : undefined,
    ];
    const ended: CaptureState = {
      ...{ ...before, state, endedAt: this.#parts.context.clock.now() },
      ...(told !== undefined && { error: told }),
      notes: [...others.filter((note) => note !== undefined), ...before.notes],
    };
    this.#running.delete(id);
    this.#note(ended);
    await this.#save(ended);
    const { name, packets, stored, records, dropped } = ended;
    this.#parts.context.log.info("A capture ended.", {
      id,
      name,
      state,
      packets,
      stored,
      records,
      dropped,
      error: told,
    });
    await this.#forget();
    return { error: why };
  }

  #state(id: string): CaptureState {
    return this.get(id);
  }

  #note(state: CaptureState): void {
    this.#known.set(state.id, state);
    for (const watcher of this.#watchers) watcher(state);
    const entry = this.#running.get(state.id);
    const now = performance.now();
    // What is stored is saved at once: after a crash that is what people are told.
    const isFurther = entry !== undefined && state.stored !== entry.savedStored;
    if (entry === undefined || (now - entry.savedAt < SAVE_EVERY && !isFurther)) return;
    entry.savedAt = now;
    entry.savedStored = state.stored;
    void this.#save(state);
  }

  async #save(state: CaptureState): Promise<void> {
    this.#known.set(state.id, state);
    try {
      // Without what is undefined, a state is plain JSON.
      await this.#parts.table.put(TYPE, state.id, JSON.parse(JSON.stringify(state)));
    } catch (error) {
      this.#parts.context.log.warn("The state of a capture could not be kept.", {
        id: state.id,
        error: (error as Error).message,
      });
    }
  }

  /** Lets go of those that ended longest ago. */
  async #forget(): Promise<void> {
    for (const { id } of endedLongestAgo(this.list(), CAPTURES_KEPT)) {
      this.#known.delete(id);
      await this.#parts.table.delete(TYPE, id);
    }
  }
}

/** What a capture is whose bytes came to an end. What an interface brings is as good as what tcpdump writes. */
function endOf({ damage, state }: Entry, broken: string | undefined): CaptureState["state"] {
  if (broken !== undefined) return "incomplete";
  return damage === undefined || state.kind === "interface" ? "finished" : "damaged";
}

/**
 * Says that the same packets were taken before. Captures of the same links with as many packets and bytes between the same two moments are the same; hashing
 * each would cost more than telling it is worth.
 */
function takenBefore(state: CaptureState, known: readonly CaptureState[]): string | undefined {
  const { id, packets, bytes, first, last, stored, interfaces } = state;
  if (packets === 0 || stored === 0 || state.kind === "interface") return undefined;
  const same = known.find(
    (other) =>
      other.id !== id &&
      other.endedAt !== undefined &&
      other.stored > 0 &&
      other.packets === packets &&
      other.bytes === bytes &&
      other.first === first &&
      other.last === last &&
      other.interfaces.join() === interfaces.join(),
  );
  if (same === undefined) return undefined;
  const at = new Date(same.startedAt).toISOString();
  return `it was taken before, at ${at} as ${same.name}: packets and flows that both brought are stored twice`;
}

function interrupted({ error: _, ...state }: CaptureState, now: number): CaptureState {
  const { stored, packets, kind } = state;
  const cure = kind === "upload" ? "; send it again, and these packets are stored twice" : "";
  const error = `the platform ended meanwhile; it had read ${packets} packets or more, and stored ${stored} of them or more${cure}`;
  return { ...state, state: "interrupted", error, endedAt: now };
}

function kindOf({ kind }: CaptureInput): CaptureState["kind"] {
  return kind === "stream" ? "upload" : kind;
}

/** Whether the platform hands the bytes over. */
function isSent(input: CaptureInput): input is Extract<CaptureInput, { bytes: unknown }> {
  return "bytes" in input;
}

function checkFilter(filter: string | undefined): void {
  if (filter === undefined) return;
  try {
    compileTcpdumpFilter(filter);
  } catch (error) {
    if (!(error instanceof AuthorError)) throw error;
    throw new Fault("REQUEST_INVALID", `reading the filter \`${filter}\`: ${error.message}`, {
      details: { column: (error.span?.start ?? 0) + 1 },
    });
  }
}
