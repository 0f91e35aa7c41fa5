/** A process that logs in to Kafka by Kerberos, as its environment says, appends a record and reads it: `BROKER SERVICE`. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockOf } from "../../../../core/block.ts";
import { makeContext } from "../../../../core/context.ts";
import { openKafkaTopics } from "../topics.ts";

const [broker = "", service = ""] = process.argv.slice(2);
await using folder = await mkdtempDisposable(join(tmpdir(), "metron-kerberos-"));
try {
  await using topics = await openKafkaTopics(
    folder.path,
    {
      ...{ brokers: [broker], prefix: "", name: "test", compression: "lz4" },
      sasl: { mechanism: "GSSAPI", service },
    },
    () => "",
    makeContext(),
  );
  const topic = await topics.topic("kerberos");
  await topic.append(0, blockOf(["by ticket"], 1));
  for await (const { block } of topic.read(0, 0, { follow: false }))
    process.stdout.write(Buffer.from(block.bytes).toString());
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  process.stdout.write(`${code}: ${message}`);
}
