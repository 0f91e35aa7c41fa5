import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { makeContext, silentLog } from "../../../core/context.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { openForCopies } from "../opensearch/open.ts";
import { testOpenSearch } from "../opensearch/testing/node.ts";
import { deafAddress, guardServer } from "../testing/guarded-proxy.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { Copier } from "./copier.ts";
import { Outbox } from "./outbox.ts";
import { place } from "./testing/place.ts";

const url = (await testOpenSearch()) ?? "";

test.skipIf(url === "")(
  "nothing is copied while a rebuild runs, also where it begins in between",
  async () => {
    const { folder, prefix, copied } = await place(url);
    await using proxy = await guardServer(url);
    const context = makeContext();
    await using outbox = await Outbox.open(folder, context);
    await using files = await openDuckdbIndex(join(folder, "files"), { follower: outbox }, context);
    const options = { nodes: [proxy.url], authority: proxy.authority, prefix, replicas: 0 };
    const connect = () => openForCopies(options, context);
    await using copier = new Copier({ outbox, files, connect, owner: "one", context, patience: 5000 });
    await copier.start();
    const answers = { copies: 0, files: 0 };
    await expect.poll(() => copier.stats(answers).isWhole).toBe(true);
    const [asked, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    onTestFinished(() => opened.resolve());
    proxy.hold = (method, path) => {
      if (method !== "GET" || !path.includes("/_doc/")) return Promise.resolve();
      asked.resolve();
      return opened.promise;
    };
    await put(await files.writer("one"), "s", batchOf([{ is_alert: "true" }]));
    await asked.promise;
    const goOn = await copier.renew();
    opened.resolve();
    await delay(1000);
    expect(await copied()).toEqual([]);
    goOn();
    await expect
      .poll(() => copier.stats(answers), { timeout: 20_000 })
      .toMatchObject({ isWhole: true, waiting: 0 });
    expect(await copied()).toEqual(["g0"]);
  },
);

test.skipIf(url === "")(
  "since when copies fail is known after a restart, until they are made again",
  async () => {
    const { folder, prefix } = await place(url);
    const clock = { time: 1_000_000, now: () => clock.time };
    const warned: string[] = [];
    const log = { ...silentLog, warn: (sentence: string) => void warned.push(sentence) };
    const context = makeContext({ clock, log });
    /** What a process tells that begins now. */
    const failureOf = async (node: string) => {
      await using outbox = await Outbox.open(folder, context);
      await using files = await openDuckdbIndex(join(folder, "files"), { follower: outbox }, context);
      const connect = () => openForCopies({ nodes: [node], prefix, replicas: 0 }, context);
      await using copier = new Copier({ outbox, files, connect, owner: "one", context, patience: 5000 });
      await copier.start();
      const answers = { copies: 0, files: 0 };
      if (node === url) await expect.poll(() => outbox.failingSince).toBeUndefined();
      return copier.stats(answers).failure?.since;
    };
    const deaf = await deafAddress();
    expect(await failureOf(deaf)).toBe(1_000_000);
    clock.time += 60_000;
    expect(await failureOf(deaf), "a restart is no recovery").toBe(1_000_000);
    expect(await failureOf(url)).toBeUndefined();
    clock.time += 60_000;
    expect(await failureOf(deaf)).toBe(1_120_000);
    expect(warned.every((sentence) => sentence.startsWith("Alerts cannot be copied"))).toBe(true);
  },
);
