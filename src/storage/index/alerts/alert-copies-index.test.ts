import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { openRemoteWriter } from "../duckdb/remote.ts";
import { removeIndices, testOpenSearch } from "../opensearch/testing/node.ts";
import { describeIndex } from "../testing/describe-index.ts";
import { openAlertCopiesIndex } from "./open.ts";
import { alertWriter, allAlerts } from "./testing/all-alerts.ts";

const url = await testOpenSearch();
let count = 0;

async function subject() {
  const node = url ?? "";
  const prefix = `alerts-${process.pid}-${count++}`;
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  return {
    // On a busy machine copying may last longer than anybody would wait.
    open: () =>
      openAlertCopiesIndex(
        folder,
        {},
        { nodes: [node], prefix, replicas: 0, patience: 60_000 },
        makeContext(),
      ),
    join: openRemoteWriter,
    async remove() {
      await rm(folder, { recursive: true, force: true });
      await removeIndices(node, prefix);
    },
  };
}

describe.skipIf(url === undefined)("alerts in OpenSearch", () => {
  describeIndex("files with copies of alerts", subject);

  // Everything that is asked of an index, asked of the copies.
  describeIndex(
    "copies of alerts",
    async () => {
      const { open, join, remove } = await subject();
      return {
        async open() {
          const index = await open();
          await expect.poll(() => index.stats()).toMatchObject({ alertCopies: { isWhole: true } });
          const alerts = allAlerts(index);
          let isOpen = true;
          const dispose = async () => {
            if (!isOpen) return;
            isOpen = false;
            // Else the suite would say nothing of the copies.
            expect((await index.stats()).alertCopies).toMatchObject({ answers: { files: 0 } });
            await index[Symbol.asyncDispose]();
          };
          return { ...alerts, [Symbol.asyncDispose]: dispose };
        },
        join: (handle) => alertWriter(join(handle)),
        remove,
      };
    },
    new Set(["unseen", "server", "list-keys"]),
  );
});
