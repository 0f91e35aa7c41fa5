/** A process that replaces a list by one without an end, and says how many entries it has handed over, until it is killed. */
import { makeContext } from "../../../../core/context.ts";
import type { KafkaSettings } from "../../../kafka/settings.ts";
import { openKafkaTables } from "../tables.ts";

const [folder = "", given = "{}"] = process.argv.slice(2);
const settings = JSON.parse(given) as KafkaSettings;
const tables = await openKafkaTables(folder, settings, () => "", makeContext());
const table = await tables.table("intel");
await table.load("ip", endless(), { replace: true });

async function* endless(): AsyncGenerator<[string, number], void> {
  for (let index = 0; ; index++) {
    yield [`half-${index}`, index];
    if (index % 10_000 === 0) {
      process.stdout.write(`${index}\n`);
      await new Promise(setImmediate);
    }
  }
}
