import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { ownSettings, readTestSecret, removeTopics, testKafka } from "../../topic/kafka/testing/brokers.ts";
import { openSharedTable } from "../lmdb.ts";
import { describeTable } from "../testing/describe-table.ts";
import { openKafkaTables } from "./tables.ts";

const address = await testKafka();

if (address === undefined) describe.skip("table: kafka", () => test("needs Java", () => undefined));
else
  describeTable("kafka", async () => {
    const settings = ownSettings(address);
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
