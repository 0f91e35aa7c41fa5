import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Block } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { errorCode, makeFolder } from "../../folder.ts";
import { lockFolder } from "../../folder-lock.ts";
import { checkName } from "../../names.ts";
import { OpenOnce } from "../../open-once.ts";
import type {
  Destination,
  PartitionSize,
  Topic,
  TopicHandle,
  TopicReader,
  TopicSettings,
  Topics,
} from "../contract.ts";
import { partitionOfKey } from "../key.ts";
import { Consumers } from "./consumers.ts";
import type { OnDamage } from "./damage.ts";
import { type Files, systemFiles } from "./files.ts";
import { Groups } from "./groups.ts";
import { type SegmentsHandle, SegmentsReader } from "./reader.ts";
import { recoverPartition } from "./recovery.ts";
import { listSegments, partitionFolder } from "./segment-files.ts";
import { PartitionWriter } from "./writer.ts";

export type SegmentsOptions = {
  /** What to do at a damaged place. Default: stop with STORAGE_CORRUPT. */
  readonly onDamage?: OnDamage | undefined;
  /** Length of a segment file; retention deletes whole ones. Default 64 MB. */
  readonly segmentBytes?: number | undefined;
  readonly files?: Files | undefined;
};

const SEGMENT_BYTES = 64 * 1024 * 1024;
const MOST_PARTITIONS = 256;
const RETENTION_MILLISECONDS = 30_000;

/**
 * Opens the topics of a folder, which belongs to this process until they are disposed of. Faults: STORAGE_LOCKED,
 * FOLDER_UNWRITABLE, and STORAGE_CORRUPT where the end of a partition is damaged.
 */
export async function openTopics(
  folder: string,
  context: Context,
  options: SegmentsOptions = {},
): Promise<Topics> {
  const lock = await lockFolder(folder);
  const stack = new AsyncDisposableStack();
  stack.use(lock);
  try {
    const consumers = stack.adopt(new Consumers(folder), (opened) => opened.close());
    return new SegmentTopics(folder, context, options, consumers, stack.move());
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Opens a reader of a topic that another thread of this process writes. Dispose of it when done. */
export function openSharedTopic(shared: TopicHandle, context: Context): TopicReader {
  // Made by `share` below: handles are passed on as they are.
  const handle = shared as SegmentsHandle;
  const consumers = new Consumers(handle.folder, true);
  const reader = new SegmentsReader(handle, consumers, context);
  const close = reader[Symbol.asyncDispose].bind(reader);
  reader[Symbol.asyncDispose] = async () => {
    await close();
    await consumers.close();
  };
  return reader;
}

class SegmentTopics implements Topics {
  readonly #folder: string;
  readonly #context: Context;
  readonly #options: SegmentsOptions;
  readonly #consumers: Consumers;
  readonly #owned: AsyncDisposableStack;
  readonly #open = new OpenOnce<SegmentTopic>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    folder: string,
    context: Context,
    options: SegmentsOptions,
    consumers: Consumers,
    owned: AsyncDisposableStack,
  ) {
    this.#folder = folder;
    this.#context = context;
    this.#options = options;
    this.#consumers = consumers;
    this.#owned = owned;
    this.#timer = setInterval(() => void this.#retain(), RETENTION_MILLISECONDS).unref();
  }

  async topic(name: string, settings: TopicSettings = {}): Promise<Topic> {
    checkName("opening topic", name);
    return this.#open.get(name, () => this.#openTopic(name, settings));
  }

  async list(): Promise<readonly string[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#open[Symbol.asyncDispose]();
    await this.#owned.disposeAsync();
  }

  async #openTopic(name: string, settings: TopicSettings): Promise<SegmentTopic> {
    const { onDamage = "fault", segmentBytes = SEGMENT_BYTES, files = systemFiles } = this.#options;
    const asked = settings.partitions ?? 1;
    if (!(Number.isInteger(asked) && asked >= 1 && asked <= MOST_PARTITIONS)) {
      throw new Fault(
        "REQUEST_INVALID",
        `opening topic ${name}: ${asked} partitions, must be 1 to ${MOST_PARTITIONS}`,
      );
    }
    const partitions = Math.max(asked, await countPartitions(join(this.#folder, name)));
    const handle: SegmentsHandle = {
      folder: this.#folder,
      name,
      partitions,
      ends: new SharedArrayBuffer(partitions * 8),
      onDamage,
      channel: `metron-topic-${randomUUID()}`,
    };
    const ends = new BigInt64Array(handle.ends);
    const context = this.#context;
    const writers: PartitionWriter[] = [];
    try {
      for (let partition = 0; partition < partitions; partition++) {
        const folder = partitionFolder(this.#folder, name, partition);
        const reached = (await settings.reached?.(partition)) ?? 0;
        const floor = Math.max(this.#consumers.floor(name, partition), reached);
        const options = { folder, topic: name, partition, floor, segmentBytes, onDamage, context };
        const recovered = await recoverPartition(options);
        const publish = (end: number) => {
          Atomics.store(ends, partition, BigInt(end));
          Atomics.notify(ends, partition);
        };
        publish(recovered.end);
        writers.push(
          new PartitionWriter(recovered, { folder, partition, segmentBytes, files, context, publish }),
        );
      }
    } catch (error) {
      for (const writer of writers) await writer.close();
      throw error;
    }
    const forget = () => this.#open.delete(name);
    return new SegmentTopic(handle, settings, writers, this.#consumers, context, forget);
  }

  async #retain(): Promise<void> {
    for (const topic of await this.#open.all()) {
      try {
        await topic.retain();
      } catch (error) {
        const fields = { topic: topic.name, reason: errorCode(error) };
        this.#context.log.warn("Old records could not be deleted.", fields);
      }
    }
  }
}

class SegmentTopic extends SegmentsReader implements Topic {
  readonly #handle: SegmentsHandle;
  readonly #settings: TopicSettings;
  readonly #writers: readonly PartitionWriter[];
  readonly #consumers: Consumers;
  readonly #onClose: () => void;
  readonly #groups: Groups;
  #closed: Promise<void> | undefined;

  constructor(
    handle: SegmentsHandle,
    settings: TopicSettings,
    writers: readonly PartitionWriter[],
    consumers: Consumers,
    context: Context,
    onClose: () => void,
  ) {
    super(handle, consumers, context);
    this.#onClose = onClose;
    this.#groups = new Groups(handle.channel, handle.partitions);
    this.#handle = handle;
    this.#settings = settings;
    this.#writers = writers;
    this.#consumers = consumers;
  }

  append(to: Destination, block: Block): Promise<number> {
    const partition = typeof to === "number" ? to : partitionOfKey(to.key, this.partitions);
    const writer = this.#writers[partition];
    if (writer === undefined) {
      return Promise.reject(new Fault("NOT_FOUND", `topic ${this.name} has no partition ${partition}`));
    }
    return writer.append(block);
  }

  get fault(): Fault | undefined {
    return this.#writers.find((writer) => writer.fault !== undefined)?.fault;
  }

  async sizes(): Promise<readonly PartitionSize[]> {
    return this.#writers.map((writer) => writer.size());
  }

  async retain(): Promise<void> {
    const { retention } = this.#settings;
    if (retention === undefined) return;
    for (const [partition, writer] of this.#writers.entries()) {
      await writer.retain(retention, this.#consumers.held(this.name, partition));
    }
  }

  share(): SegmentsHandle {
    return this.#handle;
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.#groups.close();
    for (const [partition, writer] of this.#writers.entries()) {
      await writer.close();
      await this.#consumers.reached(this.name, partition, writer.end);
    }
    this.#onClose();
  }
}

/** How many partitions a topic has on disk. */
async function countPartitions(folder: string): Promise<number> {
  await makeFolder(folder);
  let count = 0;
  for (const name of await readdir(folder)) {
    if (/^\d+$/.test(name) && (await listSegments(join(folder, name))).length > 0)
      count = Math.max(count, Number(name) + 1);
  }
  return count;
}
