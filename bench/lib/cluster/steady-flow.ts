/** Telemetry at a steady rate, each record with a number of its own: most straight into the topic, a tenth through the door of a process. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { blockOf } from "../../../src/core/block.ts";
import { makeContext } from "../../../src/core/context.ts";
import { openKafkaTopics } from "../../../src/storage/topic/kafka/topics.ts";
import { DOOR, FLOW, type Installation } from "./installation.ts";

export type Flow = AsyncDisposable & {
  readonly start: () => void;
  /** Resolves when all that was sent is durable, and nothing more is sent. */
  readonly stop: () => Promise<void>;
  /** Records that there are, those too that still wait for an answer. */
  readonly made: () => number;
  /** Records that are durable, as whoever sent them was told. */
  readonly sent: () => number;
  /** How far stored numbers, with how often each is stored, are from what was sent while nothing is on its way. */
  readonly compare: (stored: ReadonlyMap<number, number>) => Compared;
};

type Compared = {
  /** Numbers whose sender was told that they are durable, and that are not stored. */
  readonly lost: number;
  /** Numbers that are stored more than once, although they were sent once. */
  readonly doubled: number;
  /** Numbers that are stored twice as their sender got no answer and sent them again. */
  readonly sentTwice: number;
};

/** Milliseconds between two blocks, and between two posts. */
const [EVERY, POST_EVERY] = [50, 250];
/** Numbers of what goes through the door begin here. */
const DOOR_FROM = 1_000_000_000;
/** What a sender waits for an answer before it sends again to somebody else, milliseconds. */
const PATIENCE = 15_000;

/** @param rate records per second */
export async function openFlow({ folder, settings, processes }: Installation, rate: number): Promise<Flow> {
  const topics = await openKafkaTopics(join(folder, "sender"), settings, () => "", makeContext());
  const topic = await topics.topic(FLOW);
  const perBlock = Math.max(1, Math.round((rate * 0.9 * EVERY) / 1000));
  const perPost = Math.max(1, Math.round((rate * 0.1 * POST_EVERY) / 1000));
  const unsure = new Set<number>();
  let [flowed, posted, durable, turn, isOver] = [0, DOOR_FROM, 0, 0, true];
  let working: Promise<unknown> = Promise.resolve();

  const flow = async () => {
    const waiting = new Set<Promise<unknown>>();
    for (let block = 0; !isOver; block++, await delay(EVERY)) {
      const append = topic.append(block % topic.partitions, blockOf(lines(flowed, perBlock), Date.now()));
      flowed += perBlock;
      waiting.add(append);
      void append.then(() => {
        durable += perBlock;
        waiting.delete(append);
      });
    }
    await Promise.all(waiting);
  };
  const post = async () => {
    for (; !isOver; await delay(POST_EVERY)) {
      const body = lines(posted, perPost).join("");
      for (; ; turn++, await delay(POST_EVERY)) {
        if (await isTaken(processes[turn % processes.length]?.url() ?? "", body)) break;
        for (let n = posted; n < posted + perPost; n++) unsure.add(n);
      }
      posted += perPost;
      durable += perPost;
    }
  };
  return {
    start() {
      isOver = false;
      working = Promise.all([flow(), post()]);
    },
    async stop() {
      isOver = true;
      await working;
    },
    made: () => flowed + posted - DOOR_FROM,
    sent: () => durable,
    compare(stored) {
      let [lost, doubled, sentTwice] = [0, 0, 0];
      for (const [from, to] of [[0, flowed] as const, [DOOR_FROM, posted] as const])
        for (let n = from; n < to; n++) {
          const times = stored.get(n) ?? 0;
          if (times === 0) lost++;
          else if (times > 1 && unsure.has(n)) sentTwice++;
          else if (times > 1) doubled++;
        }
      return { lost, doubled, sentTwice };
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await topics[Symbol.asyncDispose]();
    },
  };
}

function lines(from: number, count: number): string[] {
  const record = { timestamp: Date.now(), ip_src_addr: "10.0.0.1" };
  return Array.from({ length: count }, (_, place) => `${JSON.stringify({ n: from + place, ...record })}\n`);
}

/** Whether a process answers that it has stored some records. */
async function isTaken(url: string, body: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/v1/ingest/${DOOR}`, {
      ...{ method: "POST", headers: { "content-type": "application/x-ndjson" }, body },
      signal: AbortSignal.timeout(PATIENCE),
    });
    await answer.text();
    return answer.ok;
  } catch {
    return false;
  }
}
