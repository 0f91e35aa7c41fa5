import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { z } from "zod";
import { readSensor } from "../config/sensor.ts";
import { type LogFields, makeContext, silentLog } from "../core/context.ts";
import { sources as catalogue } from "../sources/index.ts";
import { defineSource, type Source, unshared } from "../sources/source.ts";
import { forgetfulPositions } from "../sources/testing/forgetful-positions.ts";
import { allowAnyPath } from "../storage/allowed-folders.ts";
import { metricsText } from "./metrics-text.ts";
import { Sources } from "./sources.ts";

const NO_PACKETS = {
  ...{ packets: 0, segments: 0, bytes: 0, limit: 0, indexBytes: 0, indexedBytes: 0 },
  ...{ oldest: undefined, newest: undefined, bytesPerSecond: 0, days: undefined },
  dropped: { segments: 0, packets: 0, bytes: 0 },
};
const NO_SEARCHES = { running: 0, waiting: 0, refused: 0, limited: 0, abandoned: 0, isSaturated: false };

test("a source that dies while another one is opened is told of, and opened again", async () => {
  const opened: string[] = [];
  const dying = Promise.withResolvers<void>();
  const lasting = new Promise<void>(() => {});
  // Sources as extensions bring them: one that dies while the other one is being opened.
  const source = (name: string, open: () => Promise<{ done: Promise<void> }>) =>
    defineSource({
      ...{ name, summary: "Brings nothing.", config: z.strictObject({}) },
      async open(): Promise<Source> {
        const { done } = await open();
        opened.push(name);
        const counts = () => ({ records: 0, bytes: 0, refused: 0, dropped: 0, peers: 0 });
        return { counts, addresses: [], done, [Symbol.asyncDispose]: async () => undefined };
      },
    });
  const definitions = [
    source("mortal", async () => ({ done: opened.length === 0 ? dying.promise : lasting })),
    source("slow", async () => {
      dying.reject(new Error("the peer is gone"));
      await new Promise((done) => setImmediate(done));
      return { done: lasting };
    }),
  ];
  const positions = forgetfulPositions();
  const warned: string[] = [];
  const log = { ...silentLog, warn: (sentence: string) => void warned.push(sentence) };
  await using sources = new Sources({
    ...{ positions, shared: unshared(positions), allow: allowAnyPath, context: makeContext({ log }) },
    intake: { deliver: async () => undefined, refuse: () => undefined },
    catalogue: () => ({ ...catalogue, list: definitions }),
    takeCapture: () => {
      throw new Error("this test takes no captures");
    },
    isOpenedHere: () => true,
  });
  const document = (sensor: string, name: string) => ({
    ...readSensor(`sensor: ${sensor}\nparser: { jsonMap: {} }\n`, sensor).sensor,
    source: { [name]: {} },
  });
  const documents = [document("fw", "mortal"), document("web", "slow")];
  await sources.configure(documents);
  expect([...sources.problems()]).toEqual([["fw", "the peer is gone"]]);
  await sources.configure(documents);
  expect([opened, [...sources.problems()]]).toEqual([["mortal", "slow", "mortal"], []]);
  expect(warned, "whoever saw that it failed sees this").toEqual(["A source runs again."]);
});

test("datagrams that found no room are told in metrics, status and log, and counted on after a change of options", async () => {
  const logged: [string, LogFields | undefined][] = [];
  const log = {
    ...silentLog,
    error: (sentence: string, fields?: LogFields) => logged.push([sentence, fields]),
  };
  // A topic on a disk that takes nothing for a while.
  const gate = Promise.withResolvers<void>();
  const intake = { deliver: () => gate.promise, refuse: () => undefined };
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now };
  const positions = forgetfulPositions();
  await using sources = new Sources({
    ...{ intake, positions, shared: unshared(positions), allow: allowAnyPath },
    context: makeContext({ log, clock }),
    catalogue: () => catalogue,
    takeCapture: () => {
      throw new Error("this test takes no captures");
    },
    isOpenedHere: () => true,
  });
  const document = (more: string) =>
    readSensor(`sensor: fw\nparser: { jsonMap: {} }\nsource: { syslog: { port: 0${more} } }\n`, "fw").sensor;
  await sources.configure([document("")]);
  const port = (protocol: string) =>
    Number(
      sources
        .addresses()
        .find((address) => address.includes(`${protocol}:`))
        ?.split(":")
        .at(-1),
    );

  // Records over TCP fill what is held in memory.
  const socket = connect(port("tcp"), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(Buffer.alloc(64 * 1024 * 1024, `<13>${"x".repeat(1019)}\n`));
  const datagrams = createSocket("udp4");
  const dropped = () => sources.counts().get("fw/syslog")?.dropped ?? 0;
  while (dropped() === 0) {
    datagrams.send("<13>late", port("udp"), "127.0.0.1");
    await new Promise((done) => setTimeout(done, 5));
  }
  datagrams.close();
  socket.destroy();

  expect(sources.losses()).toEqual([
    expect.stringMatching(/^fw\/syslog threw \d+ records? away since 2026-/),
  ]);
  expect(logged.map(([sentence]) => sentence)).toEqual([
    "Records were thrown away: they came faster than they could be stored.",
  ]);
  expect(logged[0]?.[1]).toMatchObject({ source: "fw/syslog" });
  const before = dropped();
  gate.resolve();
  await sources.configure([document(", maxPeers: 5")]);
  expect(dropped()).toBeGreaterThanOrEqual(before);
  const others = {
    sensors: new Map(),
    lag: new Map(),
    together: new Map(),
    searches: NO_SEARCHES,
    packets: NO_PACKETS,
    partitions: [],
    platform: { version: "1", startedAt: 0, ready: true, problems: [], restarts: 0, disk: undefined },
  };
  expect(metricsText({ ...others, sources: sources.counts() })).toContain(
    `metron_source_dropped_total{sensor="fw",source="syslog"} ${dropped()}\n`,
  );
  now += 600_000;
  expect(sources.losses()).toEqual([]);
});
