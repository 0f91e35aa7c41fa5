/** A topic whose records are packets, as the original's probes write it: taken as a capture, into the store of packets and as flows. */
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { topicReader, topicTime } from "../../pcap/formats/topic.ts";
import { writePcapng } from "../../pcap/formats/write-pcapng.ts";
import type { Packets } from "../../pcap/packets.ts";
import type { ForeignTopic } from "../../storage/topic/contract.ts";
import { choiceOptions } from "../capture/choice-options.ts";
import type { RunningCapture } from "../capture/taking.ts";
import type { Source, SourceContext } from "../source.ts";
import { RecordsByTime } from "./by-time.ts";
import { type StandingOptions, Standings } from "./standing.ts";

export const packetOptions = z.strictObject({
  scheme: z
    .enum(["FROM_KEY", "FROM_PACKET"])
    .default("FROM_KEY")
    .describe(
      "`kafka.pcap.ts_scheme` of Apache Metron. FROM_KEY: the key is the time in eight bytes, the value the frame of Ethernet, as pycapa and fastcapa write. FROM_PACKET: the value is a capture of one packet.",
    ),
  granularity: z
    .enum(["MICROSECONDS", "MILLISECONDS", "NANOSECONDS"])
    .default("MICROSECONDS")
    .describe("`kafka.pcap.ts_granularity`: the unit of the time in the key."),
  ...choiceOptions,
});

/** How often it is looked whether the topic has grown, milliseconds. */
const LOOK_MILLISECONDS = 10_000;

type PacketSourceOptions = StandingOptions & { readonly packets: z.output<typeof packetOptions> };

/** What was taken of each partition when so many packets had been. */
type Checkpoint = { readonly packets: number; readonly offsets: readonly number[] };

export class PacketSource implements Source {
  readonly addresses = [];
  readonly loss = "somebody deleted them from the topic before they were read";
  readonly #topic: ForeignTopic;
  readonly #options: PacketSourceOptions;
  readonly #context: SourceContext;
  readonly #standings: Standings;
  /** Ends the reading; `#sharing` ends later, and then others may read. */
  readonly #stop = new AbortController();
  readonly #sharing = new AbortController();
  readonly #reader: ReturnType<typeof topicReader>;
  readonly #records: RecordsByTime;
  readonly #saved: number[] = [];
  #checkpoints: Checkpoint[] = [];
  /** Packets that are stored. */
  #durable = 0;
  #saving: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #beginning: Promise<void> = Promise.resolve();
  #running: RunningCapture | undefined;
  #told = 0;
  #deleted = 0;
  #looking: Promise<void> | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(topic: ForeignTopic, options: PacketSourceOptions, context: SourceContext) {
    this.#topic = topic;
    this.#options = options;
    this.#context = context;
    this.#standings = new Standings(topic, options, context);
    const { scheme, granularity } = options.packets;
    const form = scheme === "FROM_KEY" ? { scheme, granularity } : { scheme };
    this.#reader = topicReader(form);
    this.#records = new RecordsByTime(topicTime(form), context.clock);
  }

  get done(): Promise<void> {
    return this.#done;
  }

  counts() {
    const { records, bytes, unreadable } = this.#running?.counts() ?? { records: 0, bytes: 0, unreadable: 0 };
    return {
      ...{ records, bytes, dropped: this.#deleted },
      refused: unreadable + this.#reader.report.unreadable,
      peers: this.#stop.signal.aborted ? 0 : 1,
    };
  }

  /**
   * Begins. Of several processes one reads the whole topic, as its partitions are put in order together; the others wait for their turn.
   * What then ends the reading, such as TOPIC_LOST, is told by `done`.
   */
  begin(): void {
    const stop = () => this.#stop.abort();
    this.#context.signal.addEventListener("abort", stop, { once: true });
    this.#stop.signal.addEventListener("abort", () => void this.#giveAway(), { once: true });
    const timer = setInterval(() => {
      this.#keep();
      // Two looks at once would both begin the same partition.
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, LOOK_MILLISECONDS).unref();
    this.#done = this.#follow().finally(async () => {
      clearInterval(timer);
      await this.#giveAway();
      await this.#topic[Symbol.asyncDispose]();
    });
    // The owner looks at `done`. Where nobody does, the rejection must not end the process.
    this.#done.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The bytes end then, and with them the capture: what was read is stored, and its position kept.
    this.#stop.abort();
    await this.#done.catch(() => undefined);
  }

  async #follow(): Promise<void> {
    const { sensor, shared } = this.#context;
    const { topic } = this.#options;
    for await (const share of shared.share(`${sensor}/${topic}/packets`, 1, this.#sharing.signal)) {
      if (share.length > 0) {
        this.#beginning = this.#read();
        await this.#beginning;
      } else if (this.#running !== undefined) {
        await this.#giveAway();
        // It is opened again, and waits for its turn then.
        throw new Fault("TOO_BUSY", `reading topic ${topic}: another process reads it now`);
      }
    }
    await this.#running?.done;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends the reading, and lets another process read once all that was read is stored and its position kept: nothing is read twice. */
  async #giveAway(): Promise<void> {
    this.#stop.abort();
    await this.#beginning.catch(() => undefined);
    await this.#running?.done.catch(() => undefined);
    await this.#looking;
    this.#keep();
    await this.#saving;
    this.#sharing.abort();
  }

  /** Begins all partitions. @throws Fault TOPIC_LOST when it is not the topic that was read before, or has less than was read */
  async #read(): Promise<void> {
    if (this.#running !== undefined) return;
    const { packets, topic } = this.#options;
    await this.#standings.begin();
    for (let partition = 0; partition < this.#topic.partitions; partition++) await this.#add(partition);
    if (this.#stop.signal.aborted) return;
    const { scheme: _, granularity: __, ...choice } = packets;
    this.#running = this.#context.takeCapture({
      ...{ name: `topic ${topic}`, by: `sensor ${this.#context.sensor}`, ...choice },
      input: { kind: "topic", bytes: writePcapng(this.#packets(), { application: `Kafka topic ${topic}` }) },
      onProgress: ({ packets: durable }) => {
        this.#durable = durable;
        this.#keep();
      },
    });
    // When it ends by itself nothing more is to be waited for.
    const stop = () => this.#stop.abort();
    this.#running.done.then(stop, stop);
  }

  async #add(partition: number): Promise<void> {
    const from = await this.#standings.startOf(partition);
    this.#saved[partition] = from;
    const onDeleted = (records: number) => {
      this.#deleted += records;
    };
    const { signal } = this.#stop;
    this.#records.add(this.#topic.read(partition, from, { signal, onDeleted }), from);
  }

  /** Reads partitions that the topic has got since. */
  async #look(): Promise<void> {
    const before = this.#saved.length;
    if (this.#running === undefined || this.#stop.signal.aborted) return;
    try {
      await this.#topic.look();
      for (let partition = before; partition < this.#topic.partitions; partition++)
        await this.#add(partition);
    } catch (error) {
      // Who reads meets the same and tells.
      this.#context.log.debug("A topic could not be looked at.", { error: String(error) });
    }
  }

  /** Packets as they come, in the order of their times as far as that is known. */
  async *#packets(): AsyncGenerator<Packets> {
    const reader = this.#reader;
    try {
      while (await this.#records.ready()) {
        if (this.#stop.signal.aborted) return;
        this.#records.drain((key, value) => reader.add(key, value));
        const packets = reader.take();
        this.#note({ packets: reader.report.packets, offsets: this.#records.offsets });
        this.#tellUnreadable();
        if (packets.count > 0) yield packets;
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Records that are no packets are counted as refused; what they are is told once per run, as all of a topic mostly are. */
  #tellUnreadable(): void {
    const { problems } = this.#reader.report;
    if (this.#told > 0 || problems.length === 0) return;
    this.#told++;
    const { topic, packets } = this.#options;
    const { sensor, log } = this.#context;
    const reason = problems[0]?.text;
    log.warn("Records of a topic of packets are none; look at `scheme` and `granularity` of the source.", {
      ...{ sensor, topic, reason, scheme: packets.scheme },
    });
  }

  /** Of records that are no packets there may be any number: the last checkpoint goes on behind them. */
  #note(checkpoint: Checkpoint): void {
    if (this.#checkpoints.at(-1)?.packets === checkpoint.packets) this.#checkpoints.pop();
    this.#checkpoints.push(checkpoint);
  }

  /** Keeps how far each partition was taken: the packets before are stored. */
  #keep(): void {
    const open = this.#checkpoints.findIndex((each) => each.packets > this.#durable);
    const last = this.#checkpoints.at(open < 0 ? -1 : open - 1);
    if (open === 0 || last === undefined) return;
    this.#checkpoints = open < 0 ? [] : this.#checkpoints.slice(open);
    for (const [partition, offset] of last.offsets.entries()) {
      if (offset === this.#saved[partition]) continue;
      this.#saved[partition] = offset;
      this.#saving = Promise.all([
        this.#saving,
        this.#standings.save(partition, offset).catch((error: Error) =>
          this.#context.log.warn("It could not be kept how far a topic was read.", {
            ...{ sensor: this.#context.sensor, partition, error: error.message },
          }),
        ),
      ]);
    }
  }
}
