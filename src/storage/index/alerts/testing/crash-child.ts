/** Stores an alert, makes it durable, or else searches it, so that it is copied, and ends without closing anything. */
import { makeContext } from "../../../../core/context.ts";
import { parse } from "../../../../query/parse.ts";
import { batchOf, put } from "../../testing/test-batches.ts";
import { openAlertCopiesIndex } from "../open.ts";

const [folder = "", node = "", prefix = "", isSealed = ""] = process.argv.slice(2);
const index = await openAlertCopiesIndex(folder, {}, { nodes: [node], prefix, replicas: 0 }, makeContext());
const writer = await index.writer("one");
await put(writer, "s", batchOf([{ is_alert: "true" }], 1));
if (isSealed !== "") {
  await index.seal();
  process.exit();
}
while ((await index.stats()).alertCopies?.isWhole !== true)
  await new Promise((resolve) => setTimeout(resolve, 50));
process.stdout.write(String(await index.count({ query: parse("is_alert:true") })));
process.exit();
