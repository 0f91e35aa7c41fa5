import { describe } from "vitest";
import {
  lacksOpenSearch,
  type OpenSearchVersion,
  sharedOpenSearch,
} from "../../../../scripts/cluster/opensearch.ts";
import { makeContext } from "../../../core/context.ts";
import { describeIndex } from "../testing/describe-index.ts";
import { openOpenSearchIndex } from "./open.ts";
import { joinBulkWriter } from "./share.ts";

let count = 0;

const VERSIONS: readonly OpenSearchVersion[] = ["2.19.6", "3.9.0"];

for (const version of VERSIONS)
  describe.skipIf(lacksOpenSearch(version))(`OpenSearch ${version}`, () => {
    describeIndex(
      `opensearch ${version}`,
      async () => {
        const url = await sharedOpenSearch(version);
        const prefix = `test-${process.pid}-${count++}`;
        return {
          open: () => openOpenSearchIndex({ nodes: [url], prefix, replicas: 0 }, makeContext()),
          join: joinBulkWriter,
          async remove() {
            for (const name of [`${prefix}.*`, `${prefix}-internal`])
              await fetch(`${url}/${name}`, { method: "DELETE" });
            await fetch(`${url}/_index_template/${prefix}`, { method: "DELETE" });
          },
        };
      },
      new Set(["unseen", "server", "list-keys"]),
    );
  });
