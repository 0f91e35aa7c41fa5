import type { SensorState } from "../api/sensors.ts";
import type { PlatformStatus } from "../api/status.ts";
import type { Context } from "../core/context.ts";
import { FAULTS, type Fault, type FaultCode } from "../core/fault.ts";
import { isDoneWithin } from "../core/patience.ts";
import { emptyCounts, latencyQuantile, type SensorCounts } from "../pipeline/metrics.ts";
import type { SourceCounts } from "../sources/source.ts";
import type { Index, IndexStats } from "../storage/index/contract.ts";
import type { SensorStats } from "../storage/index/stats.ts";
import type { PacketStore } from "../storage/packets/contract.ts";
import { copyProblems } from "./alert-copies-state.ts";
import { archiveProblems, archiveStatus } from "./archive-state.ts";
import type { Intake } from "./intake.ts";
import { LastKnown } from "./last-known.ts";
import type { LoopState } from "./loop-state.ts";
import { metricsText } from "./metrics-text.ts";
import { packetStatus } from "./packet-state.ts";
import type { HostState } from "./packets/hosts/packet-hosts.ts";
import type { PartitionState, PlatformState } from "./reading-metrics.ts";
import { StoredEnds } from "./stored-ends.ts";
import { PATIENCE, TopicEnds } from "./topic-ends.ts";
import { VERSION } from "./version.ts";

const SECOND = 1000;
/** Rates are means of this many seconds. */
const MEAN_OF = 10;
const KEPT = 61;
const IDLE_AFTER = 60_000;
const POLL = 20;

/** Up to where a partition is done, of which the records end at `end`; undefined where that is not known. */
type Position = (sensor: string, partition: number, end: number) => Promise<number | undefined>;

/** What is wrong beside the loop: sources that do not run, by sensor, and what concerns no sensor. */
export type OtherProblems = {
  readonly sources: ReadonlyMap<string, string>;
  /** What sources counted, by sensor and source. */
  readonly counts: ReadonlyMap<string, SourceCounts>;
  /** Sources that lately threw records away, as sentences. */
  readonly losses: readonly string[];
  readonly faults: readonly Fault[];
};

type Sample = { readonly at: number; readonly sensors: ReadonlyMap<string, SensorCounts> };

/** What is stored, by sensor. */
type Stored = {
  readonly sensors: ReadonlyMap<string, SensorStats>;
  /** The sensors that have something in the archive alone. */
  readonly archived: readonly string[];
  /** When this was so, if not now; null where it was never known. */
  readonly asOf?: number | null | undefined;
};

/** What the platform is doing: counts of the workers turned into states, rates and lag. */
export class Activity implements Disposable {
  readonly scenario: {
    state: "playing" | "finished";
    sent: number;
    total: number;
    seed?: string;
    played: boolean;
  } = {
    state: "finished",
    sent: 0,
    total: 0,
    played: false,
  };
  readonly #loop: LoopState;
  readonly #intake: Intake;
  readonly #index: Index;
  readonly #packets: PacketStore;
  readonly #packetHosts: () => readonly HostState[];
  readonly #context: Context;
  readonly #others: () => OtherProblems;
  readonly #startedAt: number;
  readonly #timer: NodeJS.Timeout;
  /** One a second, the newest last. */
  readonly #ends: TopicEnds;
  readonly #samples: Sample[] = [];
  readonly #storedEnds: StoredEnds;
  readonly #sealedEnds: StoredEnds;
  readonly #stats: LastKnown<IndexStats>;
  /** What is stored, as it was a moment ago. */
  #stored: { readonly at: number; readonly told: Promise<Stored> } | undefined;

  constructor(
    loop: LoopState,
    intake: Intake,
    {
      index,
      packets,
      packetHosts,
    }: {
      readonly index: Index;
      readonly packets: PacketStore;
      readonly packetHosts: () => readonly HostState[];
    },
    context: Context,
    others: () => OtherProblems,
  ) {
    this.#others = others;
    this.#loop = loop;
    this.#intake = intake;
    this.#ends = new TopicEnds(() => intake.ends());
    this.#index = index;
    this.#storedEnds = new StoredEnds((sensor, partition) => index.position(sensor, partition));
    this.#sealedEnds = new StoredEnds((sensor, partition) => index.sealedPosition(sensor, partition));
    this.#stats = new LastKnown(
      () => index.stats(),
      () => context.clock.now(),
    );
    this.#packets = packets;
    this.#packetHosts = packetHosts;
    this.#context = context;
    this.#startedAt = context.clock.now();
    this.#timer = setInterval(() => {
      this.#samples.push({ at: context.clock.now(), sensors: loop.counts() });
      if (this.#samples.length > KEPT) this.#samples.shift();
    }, SECOND);
  }

  /** Totals of some sensors for the live stream: cheap enough for four times a second. */
  now(isSeen: (sensor: string) => boolean = () => true): {
    indexed: number;
    latest: number | null;
    perSecond: number;
  } {
    const totals = emptyCounts();
    for (const [sensor, counts] of this.#loop.counts()) {
      if (!isSeen(sensor)) continue;
      totals.messages += counts.messages;
      totals.latest = Math.max(totals.latest, counts.latest);
    }
    const perSecond = [...this.#sensors()]
      .filter(isSeen)
      .reduce((sum, sensor) => sum + this.#rate(sensor, (counts) => counts.messages), 0);
    return { indexed: totals.messages, latest: totals.latest === 0 ? null : totals.latest, perSecond };
  }

  async sensorStates(): Promise<readonly SensorState[]> {
    const telling = this.#messagesStored();
    const ends = await this.#ends.get();
    // Lag and counts are from one telling of the workers, so that no lag means that everything is counted. Where none tells,
    // or another process reads that tells no counts, the index says how far it is on disk: whoever follows begins there.
    const counts = this.#loop.counts();
    const [lag, { sensors: stored }] = await Promise.all([
      this.#behind(
        ends,
        async (sensor, partition, end) =>
          counts.get(sensor)?.offsets[partition] ?? this.#sealedEnds.get(sensor, partition, end),
      ),
      telling,
    ]);
    const problems = this.#loop.problems();
    const unreadable = new Map<string, number>();
    for (const { code, sensor, messages = 0 } of this.#index.problems())
      if (sensor !== undefined && code !== "MESSAGES_LOST")
        unreadable.set(sensor, (unreadable.get(sensor) ?? 0) + messages);
    const { sources, counts: taken } = this.#others();
    const dropped = new Map<string, number>();
    for (const [id, counts] of taken) {
      const sensor = id.split("/")[0] as string;
      dropped.set(sensor, (dropped.get(sensor) ?? 0) + counts.dropped);
    }
    const now = this.#context.clock.now();
    return this.#intake.sensors().map(({ name, parser }): SensorState => {
      const own = counts.get(name) ?? emptyCounts();
      const detail = problems.get(name)?.message ?? this.#intake.problem(name) ?? sources.get(name);
      const idle = now - own.lastArrival > IDLE_AFTER;
      return {
        name,
        parser,
        state: detail !== undefined ? "failing" : idle ? "idle" : "running",
        ...(detail === undefined ? {} : { detail }),
        ...noteOf(stored.get(name)),
        received: this.#intake.received(name),
        indexed: own.messages,
        rejected: own.rejected,
        dropped: dropped.get(name) ?? 0,
        alerts: own.alerts,
        ...(own.timeless === 0 ? {} : { timeless: { messages: own.timeless, since: own.timelessSince } }),
        stored: stored.get(name)?.messages ?? 0,
        ...(unreadable.has(name) ? { unreadable: unreadable.get(name) } : {}),
        receivedPerSecond: this.#rate(name, (sample) => sample.records),
        indexedPerSecond: this.#rate(name, (sample) => sample.messages),
        rejectedPerSecond: this.#rate(name, (sample) => sample.rejected),
        lag: lag.get(name) ?? 0,
        latency: latencyQuantile(own, 0.5),
        lastSeen: own.lastArrival === 0 ? null : own.lastArrival,
        recent: this.#recent(name),
      };
    });
  }

  /** When what is stored was counted, if not now, as the index does not answer; null where it was never known. */
  async storedAsOf(): Promise<number | null | undefined> {
    return (await this.#messagesStored()).asOf;
  }

  async status(counting = this.#counted()): Promise<Omit<PlatformStatus, "listening">> {
    // Taken first: what a story that has ended brought is among what is counted after it.
    const { played, ...scenario } = this.scenario;
    const problems: PlatformStatus["problems"] = [...this.#loop.problems()].map(
      ([sensor, { code, message }]) => problem(code, `${sensor}: ${message}`),
    );
    for (const fault of this.#intake.faults()) problems.push(problem(fault.code, fault.message));
    const unread = this.#intake.unread((sensor, partition) => this.#storedEnds.get(sensor, partition));
    const [isUnreadKnown, stats] = await Promise.all([
      isDoneWithin(unread, PATIENCE),
      counting,
      this.#ends.get(),
    ]);
    if (isUnreadKnown) for (const fault of await unread) problems.push(problem(fault.code, fault.message));
    if (this.#ends.fault !== undefined)
      problems.push(problem(this.#ends.fault.code, this.#ends.fault.message));
    const { sources, faults, losses } = this.#others();
    for (const loss of losses) problems.push(problem("RECORDS_DROPPED", loss));
    for (const [sensor, message] of sources)
      problems.push(problem("SOURCE_STOPPED", `source of ${sensor}: ${message}`));
    for (const fault of faults) problems.push(problem(fault.code, fault.message));
    for (const { code, message, process } of this.#loop.processProblems())
      problems.push(problem(code, `process ${process}: ${message}`));
    if (!this.#loop.isAnyReading)
      problems.push(
        problem("WORKERS_MISSING", "no process reads topics; records are taken and wait for one that does"),
      );
    const { searches, setAside, unsealed, archive, alertCopies, sensors, asOf } = stats;
    for (const { code, text, advice } of this.#index.problems())
      problems.push({ code, detail: text, advice });
    problems.push(...archiveProblems(archive), ...copyProblems(alertCopies));
    if (searches.isSaturated)
      problems.push(
        problem(
          "SEARCH_BUSY",
          `searches were refused within the last minute; ${searches.running} run and ${searches.waiting} wait now`,
        ),
      );
    if (unsealed !== undefined) problems.push(problem("SEAL_FAILED", `sealing the index: ${unsealed}`));
    for (const text of setAside) problems.push(problem("SEGMENT_REFUSED", text));
    return {
      health: problems.length === 0 ? "ok" : "degraded",
      problems,
      version: VERSION,
      startedAt: this.#startedAt,
      stored: sensors.reduce((sum, { messages }) => sum + messages, 0),
      ...(asOf === undefined ? {} : { asOf }),
      indexedPerSecond: this.now().perSecond,
      searches: { running: searches.running, waiting: searches.waiting },
      packets: packetStatus(this.#packets, this.#packetHosts()),
      ...(archive === undefined ? {} : { archive: archiveStatus(archive) }),
      ...(played ? { scenario } : {}),
    };
  }

  /** Sensors that have messages in the index, known to the second. */
  async storedSensors(): Promise<readonly string[]> {
    const { sensors, archived } = await this.#messagesStored();
    return [...new Set([...sensors.keys(), ...archived])];
  }

  async metricsText(
    { ready, disk }: Pick<PlatformState, "ready" | "disk">,
    models: PlatformStatus["models"],
  ): Promise<string> {
    const counting = this.#counted();
    const [{ problems }, partitions, { sensors, searches, archive, alertCopies, asOf }] = await Promise.all([
      this.status(counting),
      this.#partitions(),
      counting,
    ]);
    const together = new Map(sensors.map(({ sensor, together }) => [sensor, together]));
    const lag = new Map<string, number>();
    for (const { sensor, end, indexed } of partitions)
      lag.set(sensor, (lag.get(sensor) ?? 0) + Math.max(0, end - indexed));
    return metricsText({
      sensors: this.#loop.counts(),
      sources: this.#others().counts,
      models,
      ...{ lag, partitions, together, searches, packets: this.#packets.state(), archive, alertCopies },
      platform: {
        ...{ version: VERSION, startedAt: this.#startedAt, ready, disk, asOf },
        problems: problems.map(({ code }) => code),
        restarts: this.#loop.restarts,
      },
    });
  }

  /** Resolves when everything that was accepted before the call is searchable, or kept as rejected. */
  async caughtUp(signal?: AbortSignal): Promise<void> {
    const ends = await this.#intake.ends();
    const position: Position = async (sensor, partition) =>
      (await this.#index.position(sensor, partition)) ?? 0;
    while ((await this.#behind(ends, position)).size > 0) {
      signal?.throwIfAborted();
      await new Promise((done) => setTimeout(done, POLL));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Every partition of the sensors in force that can be told of, also those that nothing waits in. */
  async #partitions(): Promise<PartitionState[]> {
    const partitions = [...(await this.#ends.get())].flatMap(([sensor, ends]) =>
      ends.map((end, partition) => ({ sensor, partition, end })),
    );
    const states = await Promise.all(
      partitions.map(async ({ sensor, partition, end }) => {
        const owner = this.#loop.owner(sensor, partition);
        const indexed = end === 0 ? 0 : await this.#storedEnds.get(sensor, partition, end);
        // Where the index cannot be reached, and has never told of this one, its lag is not known.
        return indexed === undefined ? [] : [{ sensor, partition, end, indexed, owner }];
      }),
    );
    return states.flat();
  }

  /**
   * Records before the given ends that the index has not got yet, by sensor; sensors without any are left out, and so is what nobody
   * knows: a problem of the status says so.
   */
  async #behind(
    ends: ReadonlyMap<string, readonly number[]>,
    position: Position,
  ): Promise<Map<string, number>> {
    const all = [...ends].map(async ([sensor, partitions]) => {
      const left = await Promise.all(
        partitions.map(async (end, partition) =>
          end === 0 ? 0 : Math.max(0, end - ((await position(sensor, partition, end)) ?? end)),
        ),
      );
      return [sensor, left.reduce((sum, records) => sum + records, 0)] as const;
    });
    return new Map((await Promise.all(all)).filter(([, records]) => records > 0));
  }

  /** How much is stored, as last known while the index does not say. */
  async #counted(): Promise<IndexStats> {
    const { value, asOf } = await this.#stats.get();
    // What the index told last may have been as of earlier itself.
    return asOf === undefined || value.asOf !== undefined ? value : { ...value, asOf };
  }

  #messagesStored(): Promise<Stored> {
    const now = performance.now();
    if (this.#stored === undefined || now - this.#stored.at > SECOND) {
      const told = this.#counted().then(({ sensors, archive, asOf }) => ({
        sensors: new Map(sensors.map((entry) => [entry.sensor, entry])),
        archived: archive?.only.sensors ?? [],
        asOf,
      }));
      this.#stored = { at: now, told };
    }
    return this.#stored.told;
  }

  #sensors(): IterableIterator<string> {
    return (this.#samples.at(-1)?.sensors ?? new Map<string, SensorCounts>()).keys();
  }

  #rate(sensor: string, of: (counts: SensorCounts) => number): number {
    const last = this.#samples.at(-1);
    const first = this.#samples.at(-1 - MEAN_OF) ?? this.#samples[0];
    if (last === undefined || first === undefined || last.at <= first.at) return 0;
    const value = (sample: Sample) => of(sample.sensors.get(sensor) ?? emptyCounts());
    return Math.max(0, ((value(last) - value(first)) * SECOND) / (last.at - first.at));
  }

  /** Messages in each of the last seconds, the oldest first. */
  #recent(sensor: string): number[] {
    const values = this.#samples.map((sample) => sample.sensors.get(sensor)?.messages ?? 0);
    return values.slice(1).map((value, index) => Math.max(0, value - (values[index] ?? 0)));
  }
}

/** Says that a sensor has more fields than columns are made for. */
function noteOf(stats: SensorStats | undefined): { note?: string } {
  if (stats === undefined || (stats.together === 0 && !stats.hasMore)) return {};
  const count = `${stats.together}${stats.hasMore ? " or more" : ""}`;
  return { note: `${count} fields beyond the limit are kept together: they are found, only more slowly.` };
}

function problem(code: FaultCode, detail: string) {
  return { code, detail, advice: FAULTS[code].advice };
}
