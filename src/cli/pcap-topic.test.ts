/** Packets that are sent to a topic, on a real broker: read back by Kafka's own client, and each capture of one packet by tcpdump. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runJava } from "../../scripts/cluster/kafka.ts";
import { silentLog } from "../core/context.ts";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import type { TopicForm } from "../pcap/formats/topic.ts";
import { adminOf, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { readKafkaConnection } from "./kafka-connection.ts";
import { sendPackets } from "./pcap-topic.ts";
import { freePort, openTestFolder } from "./testing/run-cli.ts";

const address = await testKafka();
const MINUTES = 240_000;
const FRAMES = { scheme: "FROM_KEY", granularity: "MICROSECONDS" } as const;
const ROWS = sampleRows(40);
const hasTcpdump = spawnSync("tcpdump", ["--version"]).error === undefined;

describe.skipIf(address === undefined)("packets sent to a topic", { timeout: MINUTES }, () => {
  const brokers = [...(address?.brokers ?? [])];

  test("have the time in microseconds as the key and the frame as the value", async () => {
    const sent = await sentAs(FRAMES);
    expect(sent).toEqual(
      ROWS.map(({ micros, frame }) => `${micros.toString(16).padStart(16, "0")} ${frame}`).toSorted(),
    );
  });

  test("are captures of one packet each, which tcpdump reads", async (test) => {
    if (!hasTcpdump) return test.skip("tcpdump is not installed");
    const [first = ""] = await sentAs({ scheme: "FROM_PACKET" });
    const input = Buffer.from(first.split(" ")[1] ?? "", "hex");
    const told = execFileSync("tcpdump", ["-r", "-", "-n", "-tt", "-xx"], {
      input,
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(told).toMatch(/^1700000000\.000000 /);
    const hex = told.replaceAll(/^.*0x[0-9a-f]+:|[^0-9a-f\n]|^\d+\..*$/gm, "").replaceAll("\n", "");
    expect(hex).toBe(ROWS[0]?.frame);
  });

  test("go over an encrypted connection with a password that a file holds", async () => {
    if (address === undefined) return;
    using folder = openTestFolder();
    folder.file("kafka/password", `${address.password}\n`);
    const file = folder.file(
      "kafka/connection.yaml",
      JSON.stringify({
        brokers: ["unused.example:9092"],
        tls: { authority: { file: address.authority } },
        sasl: { mechanism: "SCRAM-SHA-512", user: address.user, password: { file: "password" } },
      }),
    );
    const sent = await sentAs(FRAMES, readKafkaConnection(file, [address.secure]));
    expect(sent).toHaveLength(ROWS.length);
    folder.file("kafka/password", "another");
    await expect(sentAs(FRAMES, readKafkaConnection(file, [address.secure]))).rejects.toMatchObject({
      code: "KAFKA_REFUSED",
      advice: expect.stringMatching(/file of --connection.*call the command again/),
    });
  });

  /** What Kafka's own client reads of a topic to which the packets were sent. */
  async function sentAs(form: TopicForm, kafka = readKafkaConnection(undefined, brokers)): Promise<string[]> {
    const topic = `packets-${randomUUID()}`;
    const admin = adminOf(brokers);
    await admin.createTopics({ topics: [topic], partitions: 2 });
    try {
      const capture = await pcapOf(ROWS);
      expect(await sendPackets(chunksOf(capture), { topic, kafka, form, log: silentLog })).toEqual({
        sent: 40,
        leftOut: 0,
      });
      const read = await runJava("Packets.java", ["consume", brokers.join(), topic, "40"]);
      return read.trim().split("\n").toSorted();
    } finally {
      await admin.deleteTopics({ topics: [topic] });
      await admin.close();
    }
  }
});

test("brokers that do not answer are told with what a command can do, which does not try again by itself", async () => {
  const kafka = readKafkaConnection(undefined, [`127.0.0.1:${await freePort()}`]);
  const sending = sendPackets(chunksOf(await pcapOf(ROWS)), {
    ...{ topic: "packets", kafka, form: FRAMES, log: silentLog },
  });
  await expect(sending).rejects.toMatchObject({
    code: "KAFKA_UNREACHABLE",
    message: expect.stringContaining("no broker answers"),
    advice: expect.stringMatching(/^Check that these brokers run .*does not try again by itself\.$/),
  });
});

test.each([
  ["an option that does not exist", "tls: { ca: x }\n", /connection\.yaml:1:\d+: tls\.ca: no such option/],
  [
    "a secret in plain text",
    "sasl: { mechanism: PLAIN, user: me, password: secret }\n",
    /sasl: password: expected a map, not `secret`/,
  ],
  ["no brokers", "tls: {}\n", /nobody names the brokers/],
])("a file of a connection with %s is refused", (_what, text, expected) => {
  using folder = openTestFolder();
  expect(() => readKafkaConnection(folder.file("connection.yaml", text), undefined)).toThrow(expected);
});

test("a connection without a file is as the command line says, and a secret that is missing is told", () => {
  using folder = openTestFolder();
  const { readSecret } = readKafkaConnection(folder.file("connection.yaml", "{}\n"), ["a:1"]);
  expect(() => readSecret({ file: "password" })).toThrow(join(folder.path, "password"));
  expect(() => readSecret({ env: "METRON_SECRET_NONE" })).toThrow("no variable METRON_SECRET_NONE");
});

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
