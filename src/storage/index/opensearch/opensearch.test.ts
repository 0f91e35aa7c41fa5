import { describe } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { describeIndex } from "../testing/describe-index.ts";
import { openOpenSearchIndex } from "./open.ts";
import { joinBulkWriter } from "./share.ts";
import { removeIndices, testOpenSearch } from "./testing/node.ts";

const url = await testOpenSearch();
let count = 0;

describe.skipIf(url === undefined)("OpenSearch", () => {
  describeIndex(
    "opensearch",
    async () => {
      const node = url ?? "";
      const prefix = `test-${process.pid}-${count++}`;
      return {
        open: () => openOpenSearchIndex({ nodes: [node], prefix, replicas: 0 }, makeContext()),
        join: joinBulkWriter,
        remove: () => removeIndices(node, prefix),
      };
    },
    new Set(["unseen", "server", "list-keys"]),
  );
});
