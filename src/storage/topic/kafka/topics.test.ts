import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { describeTopic } from "../testing/describe-topic.ts";
import { isOfKafka } from "./handle.ts";
import { ownSettings, readTestSecret, removeTopics, testKafka } from "./testing/brokers.ts";
import { openKafkaTopics, openSharedKafkaTopic } from "./topics.ts";

const address = await testKafka();

if (address === undefined) describe.skip("topic: kafka", () => test("needs Java", () => undefined));
else
  describeTopic("kafka", async () => {
    const settings = ownSettings(address);
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
