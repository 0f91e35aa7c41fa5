/** Packets that are sent to a topic, on a real broker: read back by Kafka's own client, and each capture of one packet by tcpdump. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { runJava } from "../../scripts/cluster/kafka.ts";
import { silentLog } from "../core/context.ts";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import type { TopicForm } from "../pcap/formats/topic.ts";
import { adminOf, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { sendPackets } from "./pcap-topic.ts";

const address = await testKafka();
const MINUTES = 240_000;
const ROWS = sampleRows(40);
const hasTcpdump = spawnSync("tcpdump", ["--version"]).error === undefined;

describe.skipIf(address === undefined)("packets sent to a topic", { timeout: MINUTES }, () => {
  const brokers = [...(address?.brokers ?? [])];

  test("have the time in microseconds as the key and the frame as the value", async () => {
    const sent = await sentAs({ scheme: "FROM_KEY", granularity: "MICROSECONDS" });
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

  /** What Kafka's own client reads of a topic to which the packets were sent. */
  async function sentAs(form: TopicForm): Promise<string[]> {
    const topic = `packets-${randomUUID()}`;
    const admin = adminOf(brokers);
    await admin.createTopics({ topics: [topic], partitions: 2 });
    try {
      const capture = await pcapOf(ROWS);
      expect(await sendPackets(chunksOf(capture), { topic, brokers, form, log: silentLog })).toEqual({
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

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
