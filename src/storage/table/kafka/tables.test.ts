import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { makeContext } from "../../../core/context.ts";
import {
  type KafkaAddress,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "../../topic/kafka/testing/brokers.ts";
import { openSharedTable } from "../lmdb.ts";
import { describeTable } from "../testing/describe-table.ts";
import { openKafkaTables } from "./tables.ts";

const address = await testKafka();

describe.skipIf(address === undefined)("in Kafka", () => {
  describeTable("kafka", async () => {
    const settings = ownSettings(address as KafkaAddress);
    const folder = await mkdtemp(join(tmpdir(), "metron-tables-"));
    return {
      open: () => openKafkaTables(folder, settings, readTestSecret, makeContext()),
      openShared: async (handle) => openSharedTable(handle),
      async remove() {
        await removeTopics(settings);
        await rm(folder, { recursive: true });
      },
    };
  });
});
