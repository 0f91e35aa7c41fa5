import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { describeTopic } from "../testing/describe-topic.ts";
import { isOfKafka } from "./handle.ts";
import {
  type KafkaAddress,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "./testing/brokers.ts";
import { openKafkaTopics, openSharedKafkaTopic } from "./topics.ts";

const address = await testKafka();

describe.skipIf(address === undefined)("in Kafka", () => {
  describeTopic("kafka", async () => {
    const settings = ownSettings(address as KafkaAddress);
    const folder = await mkdtemp(join(tmpdir(), "metron-topics-"));
    const context = makeContext();
    return {
      open: () => openKafkaTopics(folder, settings, readTestSecret, context),
      async openShared(handle) {
        if (!isOfKafka(handle)) throw new Error("a handle of something else");
        return openSharedKafkaTopic(handle, readTestSecret, context);
      },
      async remove() {
        await removeTopics(settings);
        await rm(folder, { recursive: true });
      },
    };
  });
});
