/** The topic `pcap` of the original as a source, on a real broker, filled by Kafka's own client. */
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runJava } from "../../../scripts/cluster/kafka.ts";
import { attach } from "../../core/attached.ts";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { readPcap } from "../../pcap/testing/read-pcap.ts";
import { BULK_HEADER, bulkCapture } from "../../scenario/packets/bulk.ts";
import { openForeignTopic } from "../../storage/storage.ts";
import { adminOf, testKafka } from "../../storage/topic/kafka/testing/brokers.ts";
import { openPlatform, type Platform } from "../platform.ts";

const address = await testKafka();
const MINUTES = 240_000;
const START = Date.UTC(2026, 10, 21);

describe.skipIf(address === undefined)("a topic of packets as a source", { timeout: MINUTES }, () => {
  const brokers = [...(address?.brokers ?? [])];

  test.each(["FROM_KEY", "FROM_PACKET"])(
    "%s: packets are stored once each, and their flows put together from all partitions; what is no packet is counted",
    async (scheme) => {
      await using theirs = await openTheirs(brokers);
      const sent = theirs.write("sent.pcap", START, 0);
      await runJava("Packets.java", ["produce", brokers.join(), theirs.name, sent, scheme]);
      const source = `{ kafka: { topic: ${theirs.name}, brokers: ['${brokers.join("', '")}'], packets: { scheme: ${scheme} } } }`;
      {
        await using platform = await theirs.open(source);
        const packets = await theirs.stored(platform, 5120);
        expect(packets).toEqual(framesOf(sent));
        // 256 flows of one page each. Read partition by partition, they would have gaps.
        await expect.poll(() => platform.captures.list()[0]?.records, { timeout: MINUTES }).toBe(768);
        await platform.caughtUp();
        const whole = "protocol:conn AND missed_bytes:0 AND conn_state:SF";
        const query = await platform.asked(whole, { name: "tests", role: "admin" });
        expect(await platform.index.count({ sensors: ["pcap"], query })).toBe(256);
        expect(platform.captures.list()).toMatchObject([
          { kind: "topic", name: `topic ${theirs.name}`, state: "running", unreadable: 0 },
        ]);
      }
      await theirs.append([{ key: "no time", value: "no packet" }]);
      const more = theirs.write("more.pcap", START + 60_000, 1e6);
      await runJava("Packets.java", ["produce", brokers.join(), theirs.name, more, scheme]);
      await using platform = await theirs.open(source);
      expect(await theirs.stored(platform, 10_240)).toEqual([...framesOf(sent), ...framesOf(more)]);
      expect(await platform.metricsText()).toMatch(/^metron_source_refused_total\{[^}]*\} 1$/m);
    },
  );

  test("from the end, with all packets of a partition that came while nobody read", async () => {
    await using theirs = await openTheirs(brokers);
    const source = `{ kafka: { topic: ${theirs.name}, brokers: ['${brokers.join("', '")}'], from: end, packets: {} } }`;
    const old = theirs.write("old.pcap", START - 60_000, 1e6);
    await runJava("Packets.java", ["produce", brokers.join(), theirs.name, old, "FROM_KEY"]);
    {
      await using platform = await theirs.open(source);
      await expect.poll(() => platform.captures.list()[0]?.state, { timeout: MINUTES }).toBe("running");
    }
    await theirs.grow(4);
    const sent = theirs.write("sent.pcap", START, 0);
    await runJava("Packets.java", ["produce", brokers.join(), theirs.name, sent, "FROM_KEY"]);
    await using platform = await theirs.open(source);
    expect(await theirs.stored(platform, 5120)).toEqual(framesOf(sent));
  });

  test("records that are no packets are read once, also when nothing else comes", async () => {
    await using theirs = await openTheirs(brokers);
    const source = `{ kafka: { topic: ${theirs.name}, brokers: ['${brokers.join("', '")}'], packets: {} } }`;
    const refused = async (platform: Platform) =>
      /^metron_source_refused_total\{[^}]*\} (\d+)$/m.exec(await platform.metricsText())?.[1];
    const odd = { key: "no time", value: "no packet" };
    await theirs.append([odd, odd, odd]);
    {
      await using platform = await theirs.open(source);
      await expect.poll(() => refused(platform), { timeout: MINUTES }).toBe("3");
    }
    await theirs.append([odd]);
    await using platform = await theirs.open(source);
    await expect.poll(() => refused(platform), { timeout: MINUTES }).not.toBe("0");
    expect(await refused(platform)).toBe("1");
  });
});

/** Times and frames of a file, in the order of their times. */
function framesOf(path: string): string[] {
  const { count, micros, starts, captured, bytes } = readPcap(path);
  return Array.from({ length: count }, (_, row) => {
    const at = starts[row] ?? 0;
    return `${micros[row]} ${Buffer.from(bytes.subarray(at, at + (captured[row] ?? 0))).toString("base64")}`;
  });
}

/** A topic as somebody else makes it, and a folder for platforms that read it; both are gone in the end. */
async function openTheirs(brokers: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "metron-topic-"));
  const name = `packets-${randomUUID()}`;
  const admin = adminOf(brokers);
  await admin.createTopics({ topics: [name], partitions: 3 });
  return {
    name,
    write(file: string, start: number, firstFlow: number): string {
      const parts: Uint8Array[] = [BULK_HEADER];
      for (const { bytes } of bulkCapture({ bytes: 100, start, firstFlow }))
        parts.push(Uint8Array.from(bytes));
      writeFileSync(join(folder, file), Buffer.concat(parts));
      return join(folder, file);
    },
    async grow(count: number): Promise<void> {
      await admin.createPartitions({ topics: [{ name, count }] });
    },
    async append(records: readonly { readonly key: string; readonly value: string }[]): Promise<void> {
      await using topic = await openForeignTopic(name, { brokers }, () => "", makeContext());
      const block = blockOf(
        records.map(({ value }) => value),
        Date.now(),
      );
      await topic.append(0, { ...block, attached: attach(records) });
    },
    open(source: string): Promise<Platform> {
      const defaults = join(folder, "defaults");
      mkdirSync(join(defaults, "sensors"), { recursive: true });
      writeFileSync(join(defaults, "metron.yaml"), "workers: 1\n");
      writeFileSync(
        join(defaults, "sensors", "pcap.yaml"),
        `sensor: pcap\nparser: { bro: {} }\nsource: ${source}\n`,
      );
      return openPlatform({ data: join(folder, "data"), defaults, sources: true, upkeepEvery: 100 });
    },
    /** What is stored once there are so many packets, in the order of time. */
    async stored(platform: Platform, count: number): Promise<string[]> {
      const read = () => {
        const found: { readonly micros: number; readonly text: string }[] = [];
        for (const packets of platform.packets.reader().find({}))
          for (let row = 0; row < packets.count; row++) {
            const at = packets.starts[row] ?? 0;
            const frame = packets.bytes.subarray(at, at + (packets.captured[row] ?? 0));
            const micros = packets.micros[row] ?? 0;
            found.push({ micros, text: `${micros} ${Buffer.from(frame).toString("base64")}` });
          }
        return found;
      };
      await expect
        .poll(() => read().length, { timeout: MINUTES, interval: 500 })
        .toBeGreaterThanOrEqual(count);
      return read()
        .sort((one, other) => one.micros - other.micros)
        .map(({ text }) => text);
    },
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [name] });
      await admin.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
