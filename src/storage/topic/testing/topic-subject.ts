import { afterEach } from "vitest";
import type { Topic, TopicHandle, TopicReader, Topics } from "../contract.ts";

/** What an implementation brings to the suite. */
export type TopicSubject = {
  /** Opens the same, at first empty, store again and again; the one before is disposed of first. */
  open(): Promise<Topics>;
  /** Opens a reader from what `share` returned. */
  openShared(handle: TopicHandle): Promise<TopicReader>;
  /** Deletes everything. */
  remove(): Promise<void>;
};

/** Opens topics of an implementation for the tests of the describe it is called in, and closes them after each. */
export function openings(subject: () => Promise<TopicSubject>) {
  const cleanups: (() => PromiseLike<unknown>)[] = [];
  const atEnd = (cleanup: () => PromiseLike<unknown>) => void cleanups.push(cleanup);
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(): Promise<TopicSubject> {
    const made = await subject();
    atEnd(() => made.remove());
    return made;
  }

  async function openTopics(made: TopicSubject): Promise<Topics> {
    const topics = await made.open();
    atEnd(() => topics[Symbol.asyncDispose]());
    return topics;
  }

  async function openTopic(partitions = 1): Promise<Topic> {
    return (await openTopics(await start())).topic("bro", { partitions });
  }

  return { start, openTopics, openTopic, atEnd };
}
