import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeContext } from "../core/context.ts";
import { openDecoder } from "../pcap/decode/decode.ts";
import { packetsOf } from "../storage/packets/testing/traffic.ts";
import { joinPackets } from "../storage/storage.ts";
import { testPlatforms } from "./testing/test-platform.ts";

const START = 1_700_000_000_000_000;

const traffic = (count: number) =>
  packetsOf(
    Array.from({ length: count }, (_, number) => ({
      micros: START + number,
      ...({ version: 4, source: 1, destination: 2, sourcePort: number, destinationPort: 53 } as const),
      payload: Buffer.from("a name that is looked up"),
    })),
  );

test("a platform keeps packets, tells of them in status and metrics, and finds them again after a restart", async () => {
  using platforms = testPlatforms({ global: "workers: 1\npackets: { bytes: 100000000 }\n" });
  {
    await using platform = await platforms.open();
    expect((await platform.status()).packets).toMatchObject({ packets: 0, oldest: null, days: null });
    const writer = (await joinPackets(platform.packets.share(), makeContext())).writer("test");
    const packets = traffic(100);
    writer.append(packets, openDecoder().decode(packets));
    writer.flush();
    const { packets: state } = await platform.status();
    expect(state).toMatchObject({
      ...{ packets: 100, segments: 1, limit: 100_000_000, indexBytes: 0 },
      ...{ oldest: START / 1000, newest: (START + 99) / 1000 },
    });
    expect(state.days).toBeGreaterThan(0);
    expect(await platform.metricsText()).toContain("metron_packets 100\n");
  }
  await using platform = await platforms.open();
  // The segment that was left open has an index now.
  expect((await platform.status()).packets).toMatchObject({ packets: 100, segments: 1 });
  expect((await platform.status()).packets.indexBytes).toBeGreaterThan(0);
  const found = [...platform.packets.reader().find({ needs: [{ ports: [7] }] })];
  expect(found.map(({ count }) => count)).toEqual([1]);
});

test("packets are encrypted with the secret that the document names, and nothing runs without it", async () => {
  using platforms = testPlatforms({ global: "packets: { secret: { file: packets } }\n" });
  const secretsFrom = [platforms.folder];
  await expect(platforms.open({ secretsFrom })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/reading the secret of packets: .*packets.*put it there/),
  });
  writeFileSync(join(platforms.folder, "packets"), "a secret of the test\n");
  await using platform = await platforms.open({ secretsFrom });
  const writer = platform.packets.writer("test");
  const packets = traffic(100);
  writer.append(packets, openDecoder().decode(packets));
  writer.close();
  const { folder } = platform.packets;
  const stored = readdirSync(folder).map((file) => readFileSync(join(folder, file), "latin1"));
  expect(stored).toHaveLength(3);
  expect(stored.join().includes("a name that is looked up")).toBe(false);
  expect([...platform.packets.reader().find({})].map(({ count }) => count)).toEqual([100]);
  expect(
    await platform
      .check([{ kind: "global", name: "global", text: "packets: { secret: { file: gone } }" }])
      .catch((error) => error),
  ).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("packets.secret"),
  });
});
