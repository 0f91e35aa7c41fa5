/** How a topic of packets is handed over to another process, on a real broker. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { adminOf, testKafka } from "../../storage/topic/kafka/testing/brokers.ts";
import type { RunningCapture } from "../capture/taking.ts";
import { type Source, type SourceContext, unshared } from "../source.ts";
import { collecting } from "../testing/collecting.ts";
import { forgetfulPositions } from "../testing/forgetful-positions.ts";
import { kafka } from "./kafka.ts";

const address = await testKafka();
const MINUTES = 120_000;

describe.skipIf(address === undefined)("a topic of packets that is handed over", { timeout: MINUTES }, () => {
  test("at a stop it is given away once all that was read is stored", async () => {
    await using opened = await openOne(({ signal }) => unshared(forgetfulPositions()).share("", 1, signal));
    const closed = opened.source[Symbol.asyncDispose]();
    await opened.ended;
    opened.events.push("the bytes have ended");
    await turns();
    opened.store();
    await closed;
    expect(opened.events).toEqual(["the bytes have ended", "stored", "given away"]);
  });

  test("when another process is to read it, it is given away once all that was read is stored", async () => {
    const other = Promise.withResolvers<void>();
    await using opened = await openOne(async function* ({ begun }) {
      yield [0];
      await begun;
      await other.promise;
      yield [];
    });
    other.resolve();
    await opened.ended;
    opened.events.push("the bytes have ended");
    await turns();
    opened.store();
    await expect(opened.source.done).rejects.toMatchObject({ code: "TOO_BUSY" });
    expect(opened.events).toEqual(["the bytes have ended", "stored", "given away"]);
  });

  type Dealt = { readonly signal: AbortSignal; readonly begun: Promise<void> };

  type Shares = ReturnType<SourceContext["shared"]["share"]>;

  /** A source whose capture is stored when the test says so, and whose share is what `deal` says. */
  async function openOne(deal: (given: Dealt) => Shares) {
    const brokers = [...(address?.brokers ?? [])];
    const topic = `packets-${randomUUID()}`;
    const admin = adminOf(brokers);
    await admin.createTopics({ topics: [topic], partitions: 2 });
    const events: string[] = [];
    const [begun, ended, stored] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    const { context } = collecting({
      shared: {
        positions: unshared(forgetfulPositions()).positions,
        async *share(_name, _parts, signal) {
          try {
            yield* deal({ signal, begun: begun.promise });
          } finally {
            events.push("given away");
          }
        },
      },
      takeCapture({ input }): RunningCapture {
        const take = async () => {
          begun.resolve();
          if ("bytes" in input) for await (const _ of input.bytes);
          ended.resolve();
          await stored.promise;
          events.push("stored");
          return {};
        };
        const counts = { packets: 0, records: 0, bytes: 0, unreadable: 0, dropped: 0, problem: undefined };
        return { counts: () => counts, done: take(), begun: begun.promise, stop: () => undefined };
      },
    });
    const source: Source = await kafka.open(kafka.config.parse({ topic, brokers, packets: {} }), context);
    await begun.promise;
    return {
      ...{ source, events, ended: ended.promise, store: () => stored.resolve() },
      async [Symbol.asyncDispose]() {
        stored.resolve();
        await source[Symbol.asyncDispose]();
        await admin.deleteTopics({ topics: [topic] });
        await admin.close();
      },
    };
  }

  /** Lets whatever could go on do so. */
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
});
