/** A topic of packets in an installation of several processes, each the real command line, on a real Kafka and OpenSearch. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runJava } from "../../../scripts/cluster/kafka.ts";
import type { ResponseOf } from "../../api/endpoint.ts";
import type { getPacketState, PacketQueryState } from "../../api/packets.ts";
import { BULK_HEADER, bulkCapture } from "../../scenario/packets/bulk.ts";
import { testOpenSearch } from "../../storage/index/opensearch/testing/node.ts";
import { adminOf, testKafka } from "../../storage/topic/kafka/testing/brokers.ts";
import { type Process, testInstallation } from "../testing/installation.ts";

const kafka = await testKafka();
const openSearch = await testOpenSearch();
const MINUTES = 600_000;
const SOON = { timeout: 120_000, interval: 500 };
const PACKETS = 5120;

describe.skipIf(kafka === undefined || openSearch === undefined)("a topic of packets and workers", () => {
  test(
    "a worker reads it and keeps the packets, which queries at the server find; the next one goes on behind it",
    async () => {
      const brokers = [...(kafka?.brokers ?? [])];
      const folder = mkdtempSync(join(tmpdir(), "metron-topic-workers-"));
      const topic = `packets-${randomUUID()}`;
      const admin = adminOf(brokers);
      await admin.createTopics({ topics: [topic], partitions: 3 });
      await using _theirs = {
        async [Symbol.asyncDispose]() {
          await admin.deleteTopics({ topics: [topic] });
          await admin.close();
          rmSync(folder, { recursive: true, force: true });
        },
      };
      const produce = async (name: string, start: number, firstFlow: number) => {
        const parts: Uint8Array[] = [BULK_HEADER];
        for (const { bytes } of bulkCapture({ bytes: 100, start, firstFlow }))
          parts.push(Uint8Array.from(bytes));
        writeFileSync(join(folder, name), Buffer.concat(parts));
        await runJava("Packets.java", ["produce", brokers.join(), topic, join(folder, name), "FROM_KEY"]);
      };
      const pcap = `sensor: pcap\nparser: { bro: {} }\nsource: { kafka: { topic: ${topic}, brokers: ['${brokers.join("', '")}'], packets: {} } }\n`;
      await using installation = testInstallation(brokers, openSearch ?? "", { pcap });
      const server = await installation.start("server", "server");
      const workers: Process[] = [await installation.start("worker", "one")];
      await produce("first.pcap", Date.UTC(2026, 10, 21), 0);
      const stored = async () =>
        (await call<ResponseOf<typeof getPacketState>>(server, "/packets/state")).hosts.reduce(
          (sum, { packets }) => sum + packets,
          0,
        );
      await expect.poll(stored, SOON).toBe(PACKETS);
      expect(await find(server)).toMatchObject({ state: "finished", packets: PACKETS, problems: [] });
      // Its flows were read by the loop as those of every sensor are.
      const search = { query: "protocol:conn", sensors: ["pcap"], size: 0, total: true };
      await expect
        .poll(async () => (await call<{ total: number }>(server, "/search", search)).total, SOON)
        .toBeGreaterThan(0);

      workers.push(await installation.start("worker", "two"));
      expect(await workers[0]?.stop()).toBe(0);
      await produce("more.pcap", Date.UTC(2026, 10, 21, 1), 1_000_000);
      // None twice: the second read from where the first had stored.
      await expect.poll(stored, SOON).toBe(2 * PACKETS);
      const { packets, problems } = await find(server);
      expect(packets).toBe(PACKETS);
      expect(problems).toEqual([
        expect.stringMatching(/^packets of .*one are missing: it was stopped at 20/),
      ]);
    },
    MINUTES,
  );
});

async function call<Answer>({ url }: Process, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Answer;
}

async function find(server: Process): Promise<PacketQueryState> {
  const { id } = await call<PacketQueryState>(server, "/packets/queries", { filter: {} });
  const state = () => call<PacketQueryState>(server, `/packets/queries/${id}`);
  await expect.poll(async () => (await state()).state, SOON).toMatch(/finished|failed/);
  return state();
}
