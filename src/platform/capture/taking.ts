import { setTimeout as pause } from "node:timers/promises";
import type { Block } from "../../core/block.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import { selectPackets } from "../../pcap/filters/filter.ts";
import { compileTcpdumpFilter } from "../../pcap/filters/tcpdump/tcpdump-filter.ts";
import { openFlows } from "../../pcap/flows/flows.ts";
import { readCapture } from "../../pcap/formats/read-capture.ts";
import type { Layers } from "../../pcap/layers.ts";
import type { Packets } from "../../pcap/packets.ts";
import { BlockBuilder } from "../../sources/block-builder.ts";
import type { CaptureChoice, CaptureProgress, CaptureStart } from "../../sources/capture/taking.ts";
import type { PacketWriter } from "../../storage/packets/contract.ts";
import { openCutoff } from "./cutoff.ts";
import type { TakenState } from "./protocol.ts";
import { capturedBytes, packetsAt, packetsFrom, shortenedTo } from "./rows.ts";
import { notesOf, stateOf } from "./state-of.ts";

export type TakingOptions = {
  readonly input: AsyncIterable<Uint8Array>;
  readonly writer: PacketWriter;
  /** Makes a block of records durable. */
  readonly deliver: (block: Block) => Promise<unknown>;
  readonly context: Context;
  readonly choice: CaptureChoice;
  /** Whether no records of flows are made. */
  readonly isPacketsOnly: boolean;
  readonly after?: CaptureStart | undefined;
  /** Whether packets come when they come: then those that find no room are lost and counted, and nothing waits. */
  readonly isLive: boolean;
  /** Whether it goes on until it is stopped: flows then end also while nothing comes. */
  readonly isEndless: boolean;
  /** Packets that were lost before they came here. */
  readonly droppedBefore: () => number;
};

/** A capture on its way from bytes to stored packets and records of its flows. */
export type Taking = {
  /** Reads to the end. Resolves when all is stored and delivered. Throws Fault CAPTURE_UNREADABLE, and what storing throws. */
  run(): Promise<void>;
  state(): TakenState;
  /** What is durable. */
  progress(): CaptureProgress;
  /** Why it waits. */
  waits(): string | undefined;
};

/** How often what was read is made durable, and how long it is waited before a full disk is tried again, milliseconds. */
const KEEP_EVERY = 1000;
const RETRY_EVERY = 1000;
/** Packets of an interface may be so late, microseconds. */
const LATE = 2e6;

/** The packets that are wanted, their layers, and the bytes they had before the snap length cut them. */
type Chosen = { readonly packets: Packets; readonly layers: Layers; readonly bytes: number };

export function openTaking(options: TakingOptions): Taking {
  const { writer, choice, isLive, isEndless, context, droppedBefore } = options;
  const { base, packets: known, records: delivered } = options.after ?? { base: 0, packets: 0, records: 0 };
  const decoder = openDecoder();
  /** What was chosen is decoded once more, by a decoder of its own: each counts what it leaves out. */
  const again = openDecoder();
  const filter = choice.filter === undefined || isLive ? undefined : compileTcpdumpFilter(choice.filter);
  const cut = choice.cutoff === undefined ? undefined : openCutoff(choice.cutoff);
  const builder = new BlockBuilder({
    ...{ clock: context.clock, deliver: options.deliver },
    onFailure: (error) => {
      lostRecords ??= error;
    },
  });
  const counts = {
    bytes: 0,
    read: 0,
    appended: 0,
    stored: 0,
    lost: 0,
    filtered: 0,
    shortened: 0,
    durable: known,
  };
  let made = 0;
  let lostRecords: unknown;
  let secrets = 0;
  /** Why what was read is not stored yet. */
  let fault: Fault | undefined;
  let isEnded = false;
  /** The latest time of a packet, microseconds, and when packets came last, epoch milliseconds. */
  let latest = 0;
  let cameAt = 0;
  /** Records that a run with the same file makes again, in the same order: not those of flows that a stop cut. */
  let lasting = Number.POSITIVE_INFINITY;

  const flows = openFlows({
    emit(record) {
      made++;
      if (made > delivered && lostRecords === undefined) builder.record(record, 0, record.length);
    },
  });
  const { report, packets } = readCapture(untilUnreadable(options.input));

  /** Ends where the input turns out to be no capture: nobody sends gigabytes to be told that. */
  async function* untilUnreadable(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      counts.bytes += chunk.length;
      yield chunk;
      if (report.format === undefined && report.problemCount > 0) return;
    }
  }

  /** The packets that are wanted, with their layers. */
  function choose(block: Packets): Chosen {
    let chosen = block;
    let layers = decoder.decode(chosen);
    if (filter !== undefined) chosen = packetsAt(chosen, selectPackets({ packets: chosen, layers }, filter));
    // Nothing but a filter, a snap length and a cutoff changes bytes; counting them costs as much as storing them.
    const bytes = choice.snapLength === undefined && cut === undefined ? 0 : capturedBytes(chosen);
    if (choice.snapLength !== undefined) chosen = shortenedTo(chosen, choice.snapLength);
    if (chosen !== block) layers = again.decode(chosen);
    return { packets: chosen, layers, bytes };
  }

  function take(all: Packets): void {
    const first = counts.read;
    counts.read += all.count;
    if (isEndless) {
      cameAt = context.clock.now();
      for (let row = 0; row < all.count; row++) latest = Math.max(latest, all.micros[row]!);
    }
    const followed = choose(base > first ? packetsFrom(all, base - first) : all);
    if (!options.isPacketsOnly) flows.push(followed.packets, followed.layers);
    if (known > first) store(packetsFrom(all, known - first));
    else store(all, followed);
    for (; secrets < report.secrets.length; secrets++) writer.addSecrets(report.secrets[secrets]!);
  }

  function store(all: Packets, chosen: Chosen = choose(all)): void {
    const { packets, layers, bytes } = chosen;
    counts.filtered += all.count - packets.count;
    if (isLive && writer.problem !== undefined) {
      counts.lost += packets.count;
      return;
    }
    const kept = cut?.(packets, layers) ?? packets;
    if (bytes > 0) counts.shortened += bytes - capturedBytes(kept);
    if (kept.count === 0) return;
    writer.append(kept, layers);
    counts.appended += kept.count;
  }

  /**
   * Makes packets durable; answers whether that worked. Room may come again and is waited for. A folder that is gone, or may not be written,
   * does not come back by waiting: whoever sent packets is told, and those of an interface are counted as lost.
   */
  function flush(step: () => void): boolean {
    const { appended, read } = counts;
    try {
      step();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (!isLive && error.code !== "DISK_FULL") throw notStored(error);
      fault = error;
      return false;
    }
    fault = undefined;
    counts.stored = appended;
    counts.durable = Math.max(counts.durable, read);
    return true;
  }

  function notStored({ code, message }: Fault): Fault {
    return new Fault(code, `${message}; ${counts.appended - counts.stored} packets are not stored`);
  }

  async function untilStored(step: () => void): Promise<void> {
    while (!flush(step)) {
      if (context.signal.aborted && fault !== undefined) throw notStored(fault);
      await pause(RETRY_EVERY, undefined, { signal: context.signal }).catch(() => undefined);
    }
  }

  function keep(): void {
    if (isEnded) return;
    if (isLive) flows.tick(context.clock.now() * 1000 - LATE);
    // Its packets may be of last week: time goes on from them, as long as nothing comes.
    else if (isEndless && latest > 0) flows.tick(latest + (context.clock.now() - cameAt) * 1000 - LATE);
    flush(() => writer.flush());
  }

  return {
    async run() {
      using _file = writer;
      let broke: unknown;
      // What a timer cannot throw, the next packets do.
      const timer = setInterval(() => {
        try {
          keep();
        } catch (error) {
          broke ??= error;
        }
      }, KEEP_EVERY);
      try {
        for await (const block of packets) {
          if (broke !== undefined) throw broke;
          take(block);
          if (!isLive && writer.problem !== undefined) await untilStored(() => writer.flush());
          await builder.pressure?.catch(() => undefined);
        }
        // One that was stopped before anything of it was read is not known to be none.
        const isUnread = counts.bytes === 0 && context.signal.aborted;
        if (report.format === undefined && !isUnread)
          throw new Fault("CAPTURE_UNREADABLE", report.problems[0]?.text ?? "the capture is empty");
        if (context.signal.aborted && !isLive) lasting = Math.max(made, delivered);
        flows.end();
      } finally {
        isEnded = true;
        clearInterval(timer);
        await untilStored(() => writer.close());
        await builder.settled();
      }
    },
    state: () => ({
      ...stateOf(report),
      read: counts.bytes,
      stored: counts.stored,
      flows: flows.counts.flows,
      records: builder.records,
      dropped: counts.lost + droppedBefore(),
      filtered: counts.filtered,
      shortened: counts.shortened,
      notes: [
        ...notesOf(report, decoder.leftOut),
        ...flows.leftOut(),
        ...(known > 0 ? [`${known} packets were stored by an earlier run`] : []),
        ...(lostRecords instanceof Error ? [`flows make no records: ${lostRecords.message}`] : []),
      ],
    }),
    progress: () => ({ packets: counts.durable, records: Math.min(delivered + builder.records, lasting) }),
    waits: () => fault?.message,
  };
}
