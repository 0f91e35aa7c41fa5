/** A process that answers, and says on its output what it is asked, until it is told to end. */
import { makeContext } from "../../../core/context.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { openKafkaExchange } from "../kafka.ts";

const [name = "", given = "{}"] = process.argv.slice(2);
const settings = JSON.parse(given) as KafkaSettings;
const exchange = await openKafkaExchange(name, settings, () => "", makeContext());
const say = (what: string) => process.stdout.write(`${what}\n`);

/** So many megabytes; says by how many its memory grew. */
exchange.answer("megabytes", async function* (question) {
  const before = process.memoryUsage.rss();
  let most = before;
  for (let sent = 0; sent < Number(question); sent++) {
    yield Buffer.alloc(1_000_000, sent);
    most = Math.max(most, process.memoryUsage.rss());
  }
  say(`grew by ${Math.ceil((most - before) / 1_000_000)} MB`);
});
/** A part now and then, forever. */
exchange.answer("ticks", async function* (question, { signal }) {
  say(`begins ${question}`);
  try {
    for (let count = 0; !signal.aborted; count++) {
      yield Buffer.from(String(count));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    say(`ends ${question}`);
  }
});
/** A megabyte, once SIGUSR2 comes. */
const told = new Promise((resolve) => process.once("SIGUSR2", resolve));
exchange.answer("when told", async function* () {
  say("waits");
  await told;
  say("sends");
  yield Buffer.alloc(1_000_000);
});
process.once("SIGTERM", () => void exchange[Symbol.asyncDispose]().then(() => say("ended")));
say("ready");
