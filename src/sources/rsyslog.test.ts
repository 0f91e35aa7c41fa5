/** Debian's rsyslog, unmodified, as a sender: its outputs to Elasticsearch and to Kafka. */
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { adminOf, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { elasticsearch } from "./elasticsearch/elasticsearch.ts";
import { kafka } from "./kafka/kafka.ts";
import { collecting } from "./testing/collecting.ts";
import { hasInstalled, run } from "./testing/programs.ts";

const MODULES = "/usr/lib/*/rsyslog";
const MINUTES = 120_000;
const hasRsyslog = hasInstalled("rsyslog with omelasticsearch and omkafka", [
  "/usr/sbin/rsyslogd",
  `${MODULES}/omelasticsearch.so`,
  `${MODULES}/omkafka.so`,
]);
const address = await testKafka();

const RECORD = '{"n":%msg:R,ERE,1,FIELD:n=([0-9]+)--end%,"message":"%msg:::json%"}';

describe.skipIf(!hasRsyslog)("rsyslog", { timeout: MINUTES }, () => {
  test("omelasticsearch sends in bulk, and each document alone", async () => {
    for (const bulkmode of ["on", "off"]) {
      const collected = collecting();
      await using door = await elasticsearch.open(elasticsearch.config.parse({ port: 0 }), collected.context);
      const { port } = new URL(door.addresses[0] ?? "");
      const options = `server="127.0.0.1" serverport="${port}" searchIndex="syslog" searchType="" template="record" bulkmode="${bulkmode}"`;
      await using sender = await startRsyslog(
        `module(load="omelasticsearch")`,
        `action(type="omelasticsearch" ${options})`,
      );
      sender.log(0, 200);
      await expect
        .poll(() => collected.records.length, { timeout: MINUTES, message: sender.said() })
        .toBe(200);
      expect(numbersOf(collected.records)).toEqual(Array.from({ length: 200 }, (_, n) => n));
      expect(collected.records[0]).toContain(
        '"message":" käse n='.replace("käse", Buffer.from("käse").toString("latin1")),
      );
    }
  });

  test.skipIf(address === undefined)("omkafka sends to a topic that a sensor reads", async () => {
    const brokers = [...(address?.brokers ?? [])];
    const topic = `rsyslog-${randomUUID()}`;
    const admin = adminOf(brokers);
    await admin.createTopics({ topics: [topic], partitions: 2 });
    const collected = collecting();
    await using _source = await kafka.open(kafka.config.parse({ topic, brokers }), collected.context);
    const options = `broker=["${brokers.join('","')}"] topic="${topic}" template="record" confParam=["queue.buffering.max.ms=10"]`;
    await using sender = await startRsyslog(`module(load="omkafka")`, `action(type="omkafka" ${options})`);
    sender.log(0, 200);
    await expect.poll(() => collected.records.length, { timeout: MINUTES, message: sender.said() }).toBe(200);
    expect(numbersOf(collected.records)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    await admin.deleteTopics({ topics: [topic] });
    await admin.close();
  });
});

/** rsyslog that follows a file and sends what is in it. */
async function startRsyslog(module: string, action: string) {
  const folder = await mkdtempDisposable(join(tmpdir(), "metron-rsyslog-"));
  const file = join(folder.path, "input.log");
  mkdirSync(join(folder.path, "work"));
  writeFileSync(file, "");
  writeFileSync(
    join(folder.path, "rsyslog.conf"),
    [
      `global(workDirectory="${folder.path}/work")`,
      `module(load="imfile" mode="polling" pollingInterval="1")`,
      module,
      `template(name="record" type="string" string=${JSON.stringify(RECORD)})`,
      `input(type="imfile" File="${file}" Tag="test:")`,
      action,
    ].join("\n"),
  );
  const words = ["-n", "-i", join(folder.path, "pid"), "-f", join(folder.path, "rsyslog.conf")];
  const program = run("/usr/sbin/rsyslogd", words);
  return {
    said: program.said,
    log: (from: number, to: number) =>
      appendFileSync(
        file,
        Array.from({ length: to - from }, (_, index) => ` käse n=${from + index}\n`).join(""),
      ),
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

function numbersOf(records: readonly string[]): readonly number[] {
  return records.map((record) => Number(JSON.parse(record).n)).sort((one, other) => one - other);
}
