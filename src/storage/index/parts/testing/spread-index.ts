import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch } from "../../../../core/batch.ts";
import { makeContext, systemClock } from "../../../../core/context.ts";
import { Fault } from "../../../../core/fault.ts";
import { type AnswerQuestion, type Exchange, MOST_QUESTION_BYTES } from "../../../exchange/contract.ts";
import type { Index, IndexHandle, IndexWriter, RetentionResult, RetentionRule } from "../../contract.ts";
import { openDuckdbIndex } from "../../duckdb/open.ts";
import { openRemoteWriter } from "../../duckdb/remote.ts";
import type { IndexSubject } from "../../testing/test-batches.ts";
import { answerFor, ownPart, remotePart } from "../part.ts";
import { PartsIndex } from "../parts-index.ts";

type SpreadHandle = IndexHandle & { readonly handles: readonly IndexHandle[] };

/** Two embedded indexes as one, each message in one of them by its guid; the second is asked as another process is. */
export function spreadSubject(): () => Promise<IndexSubject> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "index-parts-"));
    return {
      async open() {
        const one = await openDuckdbIndex(join(folder, "one"), {}, makeContext());
        const two = await openDuckdbIndex(join(folder, "two"), {}, makeContext());
        return new SpreadIndex([one, two]);
      },
      // Made by `share` below.
      join: (handle) => spreadWriter((handle as SpreadHandle).handles.map((each) => openRemoteWriter(each))),
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  };
}

/** Questions and answers within this process, byte by byte as they would travel. */
export function directExchange(name: string): Exchange {
  const handlers = new Map<string, AnswerQuestion>();
  return {
    ...{ name, fault: undefined, unreadable: 0 },
    answer: (kind, handler) => void handlers.set(kind, handler),
    async *ask(_to, kind, question, signal) {
      if (question.length > MOST_QUESTION_BYTES) throw new Fault("TOO_LARGE", "the question is too long");
      yield* handlers.get(kind)?.(question, { from: name, signal }) ?? [];
    },
    async [Symbol.asyncDispose]() {},
  };
}

class SpreadIndex extends PartsIndex {
  readonly #all: readonly Index[];

  constructor([one, two]: readonly [Index, Index]) {
    const exchange = directExchange("two");
    answerFor(exchange, two);
    const parts = [ownPart("one", one), remotePart("two", exchange)];
    super({ own: one, now: () => ({ parts, missing: [] }), within: 60_000, clock: systemClock });
    this.#all = [one, two];
  }

  override async writer(name: string): Promise<IndexWriter> {
    return spreadWriter(await Promise.all(this.#all.map((index) => index.writer(name))));
  }

  override share(name: string): SpreadHandle {
    const handles = this.#all.map((index) => index.share(name));
    return { handles, transfer: handles.flatMap(({ transfer }) => transfer) };
  }

  override async seal(): Promise<void> {
    await Promise.all(this.#all.map((index) => index.seal()));
  }

  override async compact(): Promise<void> {
    await Promise.all(this.#all.map((index) => index.compact()));
  }

  override async retain(rules: readonly RetentionRule[]): Promise<RetentionResult> {
    const results = await Promise.all(this.#all.map((index) => index.retain(rules)));
    const sum = (of: (result: RetentionResult) => number) => results.reduce((all, one) => all + of(one), 0);
    return {
      segments: sum(({ segments }) => segments),
      messages: sum(({ messages }) => messages),
      bytes: sum(({ bytes }) => bytes),
    };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((index) => index[Symbol.asyncDispose]()));
  }
}

/** Writes each message of a batch with one of the writers. */
function spreadWriter(writers: readonly IndexWriter[]): IndexWriter {
  return {
    position: async (topic, partition) =>
      (await Promise.all(writers.map((each) => each.position(topic, partition))))[0],
    async write(sensor, batch) {
      const live = batch.live.slice();
      for (const [place, writer] of writers.entries()) {
        for (let row = 0; row < batch.rows; row++)
          batch.live[row] = live[row] === 1 && placeOf(batch, row, writers.length) === place ? 1 : 0;
        await writer.write(sensor, batch);
      }
      batch.live.set(live);
    },
    async commit(position, records) {
      for (const writer of writers) await writer.commit(position, records);
    },
    seal: async () => void (await Promise.all(writers.map((each) => each.seal()))),
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all(writers.map((each) => each[Symbol.asyncDispose]()))),
  };
}

function placeOf(batch: Batch, row: number, places: number): number {
  return placeOfGuid(batch.column("guid").text(row) ?? "", places);
}

/** Which of so many indexes has a message. */
export function placeOfGuid(guid: string, places = 2): number {
  return (createHash("sha256").update(guid).digest()[0] as number) % places;
}
