import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeContext } from "../../../core/context.ts";
import { describeTopic } from "../testing/describe-topic.ts";
import { openSharedTopic, openTopics } from "./topics.ts";

describeTopic("segments", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metron-topics-"));
  const context = makeContext();
  return {
    open: () => openTopics(folder, context, { segmentBytes: 1 << 20 }),
    openShared: async (handle) => openSharedTopic(handle, context),
    remove: () => rm(folder, { recursive: true }),
  };
});
