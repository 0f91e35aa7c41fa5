import { expect, test } from "vitest";
import { joined } from "../../pcap/formats/testing/samples.ts";
import { writePcap } from "../../pcap/formats/write-pcap.ts";
import type { CaptureStart } from "../../sources/capture/taking.ts";
import { packetsOf } from "../../storage/packets/testing/traffic.ts";
import { found, testPlatforms } from "../testing/test-platform.ts";

const PORTS = [1001, 1002, 1003];

/** Three flows of UDP, one after another, of ten packets each. */
const CAPTURE = await joined(
  writePcap([
    packetsOf(
      PORTS.flatMap((sourcePort) =>
        Array.from({ length: 10 }, (_, number) => ({
          micros: 1_700_000_000_000_000 + sourcePort * 1e6 + number,
          ...({ version: 4, source: 1, destination: 2, sourcePort, destinationPort: 9999 } as const),
          payload: Buffer.alloc(100),
        })),
      ),
    ),
  ]).bytes,
);

async function* chunks() {
  yield CAPTURE;
}

test("flows become records of the sensor, once, also when a file is taken again after a crash", async () => {
  using platforms = testPlatforms({ sensors: { pcap: "sensor: pcap\nparser: { bro: {} }\n" } });
  await using platform = await platforms.open();
  await platform.ready();
  const take = async (after?: CaptureStart) => {
    const running = platform.captures.take("pcap", {
      ...{ name: "flows", by: "a test", input: { kind: "stream", bytes: chunks() }, cutoff: 0, after },
    });
    await running.done;
    await platform.caughtUp();
    return running;
  };
  const ports = async () =>
    (await found(platform, "protocol:conn", "pcap")).map(({ ip_src_port }) => Number(ip_src_port)).sort();
  const first = await take();
  expect(first.state()).toMatchObject({ flows: 3, records: 3, stored: 30, shortened: 3000 });
  expect(first.counts()).toMatchObject({ packets: 30, records: 3 });
  expect(await ports()).toEqual(PORTS);
  // What the cutoff leaves out is counted in flows.
  const [message] = await found(platform, "ip_src_port:1001", "pcap");
  expect(message).toMatchObject({ orig_bytes: 1000, orig_pkts: 10 });
  // Of an earlier run everything but the last record and ten packets are known to be there.
  const again = await take({ base: 0, packets: 20, records: 2 });
  expect(again.state()).toMatchObject({ flows: 3, records: 1, packets: 30, stored: 10 });
  expect(again.counts()).toMatchObject({ packets: 30, records: 3 });
  expect(await ports()).toEqual([1001, 1002, 1003, 1003]);
  // What follows a place where a file has grown are flows of their own.
  expect((await take({ base: 20, packets: 20, records: 0 })).state()).toMatchObject({ flows: 1, stored: 10 });
});

test("flows that were cut by a stop are told as a whole when the rest of the file is taken", async () => {
  using platforms = testPlatforms({ sensors: { pcap: "sensor: pcap\nparser: { bro: {} }\n" } });
  await using platform = await platforms.open();
  await platform.ready();
  const stop = new AbortController();
  /** Half of the second flow, and nothing more until it is stopped. */
  async function* half() {
    yield CAPTURE.subarray(0, 24 + (15 * (CAPTURE.length - 24)) / 30);
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  }
  const request = { name: "flows", by: "a test" };
  const first = platform.captures.take("pcap", { ...request, input: { kind: "stream", bytes: half() } });
  await expect.poll(() => first.counts().packets, { timeout: 30_000 }).toBe(15);
  first.stop();
  await first.done;
  stop.abort();
  const { packets, records } = first.counts();
  const rest = platform.captures.take("pcap", {
    ...{ ...request, input: { kind: "stream", bytes: chunks() }, after: { base: 0, packets, records } },
  });
  await rest.done;
  await platform.caughtUp();
  expect(rest.state()).toMatchObject({ packets: 30, stored: 15 });
  for (const port of PORTS) {
    const told = await found(platform, `ip_src_port:${port}`, "pcap");
    expect(Math.max(...told.map(({ orig_pkts }) => Number(orig_pkts)))).toBe(10);
  }
});

test("what a filter leaves out and what a snap length cuts off are counted together", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const running = platform.captures.take("web", {
    ...{ name: "flows", by: "a test", input: { kind: "stream", bytes: chunks() }, isPacketsOnly: true },
    ...{ filter: "udp port 1001", snapLength: 60, cutoff: 10 },
  });
  await running.done;
  // Headers have 42 bytes; of the first packet 10 bytes of payload are kept.
  expect(running.state()).toMatchObject({ stored: 10, filtered: 20, shortened: 10 * 100 - 10 });
});

test("a file that cannot be read is told with the reason, and is not taken for an empty one", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const running = platform.captures.take("web", {
    ...{ name: "gone", by: "a test", input: { kind: "file", path: "/nowhere/gone.pcap" } },
  });
  await expect(running.done).rejects.toMatchObject({
    code: "CAPTURE_UNREADABLE",
    message: expect.stringMatching(/^reading \/nowhere\/gone\.pcap: ENOENT/),
  });
});

test("packets are stored although nobody takes the records of their flows, and that is told", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const running = platform.captures.take("pcap", {
    ...{ name: "flows", by: "a test", input: { kind: "stream", bytes: chunks() } },
  });
  await running.done;
  expect(running.state()).toMatchObject({
    ...{ state: "finished", stored: 30, records: 0 },
    notes: expect.arrayContaining([
      expect.stringMatching(/flows make no records: .*`pcap`: there is no such sensor/),
    ]),
  });
});

test("where another sensor tells of the flows, packets alone are taken", async () => {
  using platforms = testPlatforms({ sensors: { pcap: "sensor: pcap\nparser: { bro: {} }\n" } });
  await using platform = await platforms.open();
  await platform.ready();
  const running = platform.captures.take("pcap", {
    ...{ name: "flows", by: "a test", input: { kind: "stream", bytes: chunks() }, packetsOnly: true },
  });
  await running.done;
  await platform.caughtUp();
  expect(running.state()).toMatchObject({
    state: "finished",
    stored: 30,
    packetsOnly: true,
    flows: 0,
    records: 0,
  });
  expect(await found(platform, "", "pcap")).toEqual([]);
});
