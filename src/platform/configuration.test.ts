/** Documents that a platform has of its own, then shares through a real Kafka, then has of its own again. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeContext } from "../core/context.ts";
import { StellarMap } from "../stellar/values/value.ts";
import { allowPaths } from "../storage/allowed-folders.ts";
import { ownSettings, removeTopics, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { openConfiguration } from "./configuration.ts";
import { openShellPlatform } from "./services/shell.ts";

const address = await testKafka();

test.skipIf(address === undefined)(
  "of processes that start a new installation at once, one brings the documents of all",
  async () => {
    if (address === undefined) return;
    const settings = ownSettings(address);
    const kafka = `storage: ${JSON.stringify({ tables: "kafka", kafka: settings })}\n`;
    const folders = [1, 2, 3].map((workers) => {
      const folder = mkdtempSync(join(tmpdir(), "metron-configuration-"));
      writeFileSync(join(folder, "metron.yaml"), `${kafka}workers: ${workers}\n`);
      return folder;
    });
    const opened = await Promise.all(
      folders.map((folder) => {
        const data = join(folder, "data");
        return openConfiguration({ data, defaults: folder, allow: allowPaths({ data }) }, makeContext());
      }),
    );
    try {
      const [first] = opened;
      for (const { config, global } of opened) {
        expect(config.revision()).toBe(1);
        expect(global.workers).toBe(first?.global.workers);
      }
    } finally {
      for (const configuration of opened) await configuration[Symbol.asyncDispose]();
      for (const folder of folders) rmSync(folder, { recursive: true });
      await removeTopics(settings);
    }
  },
  120_000,
);

test.skipIf(address === undefined)(
  "who only reads a data folder sees the documents that the platform ran by, shared ones or its own",
  async () => {
    if (address === undefined) return;
    const { brokers, prefix, name, ...others } = ownSettings(address);
    const folder = mkdtempSync(join(tmpdir(), "metron-configuration-"));
    const [data, defaults] = [join(folder, "data"), join(folder, "defaults")];
    mkdirSync(defaults);
    const files = "workers: 1\n";
    const kafka = `storage: ${JSON.stringify({ tables: "kafka", kafka: { brokers, prefix, name } })}\n`;
    const context = makeContext();
    const open = (text: string) => {
      writeFileSync(join(defaults, "metron.yaml"), text);
      return openConfiguration({ data, defaults, allow: allowPaths({ data }) }, context);
    };
    /** What tells the documents apart, as the shell reads it. */
    const seen = async () => {
      await using shell = await openShellPlatform({
        ...{ data, url: undefined, functions: [], context, globals: () => new StellarMap() },
      });
      return shell.global.workers;
    };
    const workers = (count: number) =>
      [{ kind: "global", name: "global", text: `workers: ${count}\n` }] as const;
    const by = { author: "ann", at: 1 };
    try {
      {
        await using own = await open(files);
        await own.config.publish(workers(2), by);
      }
      expect(await seen()).toBe(2);
      {
        await using shared = await open(kafka);
        await shared.config.publish(workers(3), by);
      }
      expect(await seen()).toBe(3);
      {
        await using own = await open(files);
        expect(own.global.workers).toBe(2);
      }
      expect(await seen()).toBe(2);
      // The copy still knows which log it is of: another one in its place is noticed.
      await removeTopics({ brokers, prefix, name, ...others });
      await using shared = await open(kafka);
      expect(shared.fault()).toMatchObject({ code: "TABLE_TOPIC_LOST" });
      expect(shared.global.workers).toBe(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
