import { once } from "node:events";
import { type ClientRequest, request } from "node:http";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CaptureState, captureState } from "../api/captures.ts";
import { API_BASE } from "../api/endpoint.ts";
import { joined, packetsOf, pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { longKey, MARKER, sequenceHeader, sequenceRecord } from "../pcap/formats/testing/sequence-files.ts";
import { writePcap } from "../pcap/formats/write-pcap.ts";
import { writePcapng } from "../pcap/formats/write-pcapng.ts";
import { type MadePacket, packetsOf as trafficOf } from "../storage/packets/testing/traffic.ts";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

const ROWS = sampleRows(300);
const PCAP = await pcapOf(ROWS);

const send = (name: string, bytes: Uint8Array, more = "") =>
  server.send("POST", `/captures?name=${name}${more}`, { text: new Uint8Array(bytes) });

const upload = async (name: string, bytes: Uint8Array, more = ""): Promise<CaptureState> => {
  const response = await send(name, bytes, more);
  const answer = await response.json();
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return captureState.parse(answer);
};

/** Lengths of the packets that a capture of this name has stored, as captured and on the wire. */
const stored = (name: string): [captured: number, original: number][] => {
  const lengths: [number, number][] = [];
  for (const { count, seen, interfaces, captured, original } of server.platform.packets.reader().find({})) {
    for (let row = 0; row < count; row++) {
      if (seen[interfaces[row]!]?.capture === name) lengths.push([captured[row]!, original[row]!]);
    }
  }
  return lengths;
};

const traffic = (count: number, part: Partial<MadePacket> = {}): Promise<Buffer> => {
  const one = { version: 4, source: 1, destination: 2, sourcePort: 1000, destinationPort: 53 } as const;
  const packets = Array.from({ length: count }, (_, number) => ({
    ...{ micros: 1_700_000_000_000_000 + number, ...one, payload: Buffer.alloc(100, number), ...part },
  }));
  return joined(writePcap([trafficOf(packets)]).bytes);
};

/** An upload that is sent bit by bit. */
const open = (name: string): ClientRequest => {
  const sending = request(`${server.url}${API_BASE}/captures?name=${name}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
  });
  sending.on("error", () => undefined);
  return sending;
};

const listed = async (name: string): Promise<CaptureState | undefined> => {
  const { captures } = (await server.json("GET", "/captures")) as { captures: CaptureState[] };
  return captures.find((capture) => capture.name === name);
};

const until = async (name: string, holds: (state: CaptureState) => boolean): Promise<CaptureState> => {
  for (;;) {
    const state = await listed(name);
    if (state !== undefined && holds(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const SEQUENCE = Buffer.concat([
  sequenceHeader(),
  MARKER,
  ...(await Promise.all(
    ROWS.slice(0, 5).map(async (row) =>
      sequenceRecord(longKey(BigInt(row.micros) * 1000n), await pcapOf([row])),
    ),
  )),
]);
const KEYLOG = { type: 0x544c534b, bytes: Buffer.from("CLIENT_RANDOM 00 11\n") };

test.each([
  ["pcap", PCAP, 300],
  ["pcap, gzip", gzipSync(PCAP), 300],
  ["pcap, zstd", zstdCompressSync(PCAP), 300],
  ["pcapng", await joined(writePcapng([packetsOf(ROWS)], { secrets: [KEYLOG] })), 300],
  ["sequence file", SEQUENCE, 5],
])("a capture of %s is stored, and listed afterwards", async (format, bytes, count) => {
  const name = format.replaceAll(/\W/g, "");
  const state = await upload(name, bytes);
  expect(state).toMatchObject({
    ...{
      name,
      kind: "upload",
      state: "finished",
      by: "local",
      format,
      size: bytes.length,
      read: bytes.length,
    },
    ...{ packets: count, stored: count, dropped: 0, problems: [], first: ROWS[0]!.micros / 1000 },
  });
  expect(stored(name)).toEqual(
    ROWS.slice(0, count).map(({ frame, original }) => [frame.length / 2, original]),
  );
  expect(await server.json("GET", `/captures/${state.id}`)).toEqual(state);
  expect(await listed(name)).toEqual(state);
  if (format === "pcapng")
    expect(state.notes).toContain("1 blocks of decryption secrets are kept with the packets");
});

test("of a truncated capture the packets before are stored, and the place is told", async () => {
  const state = await upload("truncated", PCAP.subarray(0, PCAP.length - 5));
  expect(state).toMatchObject({ state: "damaged", packets: 299, stored: 299, problemCount: 1 });
  expect(state.error).toMatch(/^it has a problem; \d+ bytes of it were passed over as damaged$/);
  expect(state.problems[0]?.text).toMatch(/the capture ends inside of this/);
  const packed = gzipSync(PCAP);
  const half = await upload("half", packed.subarray(0, packed.length / 2));
  expect(half.stored).toBeGreaterThan(0);
  expect(half.state).toBe("damaged");
  expect(half.problems[0]?.text).toMatch(/the gzip data end too early/);
  const ten = await upload("ten", PCAP.subarray(0, 10));
  expect(ten).toMatchObject({ state: "damaged", packets: 0 });
  expect(ten.problems[0]?.text).toBe("the capture ends inside of this header: 10 of 24 bytes are there");
  expect(await upload("headeralone", PCAP.subarray(0, 24))).toMatchObject({ state: "finished", packets: 0 });
});

test("of an upload that is cut off the packets before are stored, and the list says so", async () => {
  const sending = open("cutoff");
  sending.write(PCAP.subarray(0, 10_000));
  await until("cutoff", ({ read }) => read === 10_000);
  sending.destroy();
  const state = await until("cutoff", ({ endedAt }) => endedAt !== undefined);
  expect(state).toMatchObject({
    state: "incomplete",
    error: expect.stringMatching(/abort/),
    problemCount: 1,
  });
  expect(state.stored).toBe(state.packets);
  expect(state.stored).toBeGreaterThan(20);
  expect(stored("cutoff")).toHaveLength(state.stored);
});

test.each([
  ["empty", Buffer.alloc(0), /the capture is empty: it has 0 bytes/],
  ["log", Buffer.from("a line of a log\n".repeat(1000)), /no capture begins here/],
  ["snoop", Buffer.from("snoop\0\0\0\0\0\0\x02\0\0\0\x04"), /snoop captures are not read here; .*editcap/],
  ["xz", Buffer.from("\xfd7zXZ\0 and more of it", "latin1"), /xz -d/],
])("what is no capture is refused: %s", async (name, bytes, why) => {
  expect(await refused(send(name, bytes))).toMatchObject({
    ...{ code: "CAPTURE_UNREADABLE", status: 415 },
    detail: expect.stringMatching(why),
  });
  expect(await listed(name)).toMatchObject({ state: "failed", stored: 0, error: expect.stringMatching(why) });
});

test("links nobody reads, time that runs backwards and a snap length of 4 GB are taken and told", async () => {
  const usb = sampleRows(10, { link: { linkType: 249, snapLength: 65_535 } });
  expect((await upload("usb", await pcapOf(usb))).notes).toContain(
    "10 packets have a link type nobody reads: USBPcap (link type 249)",
  );
  const unread = "10 packets have a link type nobody reads: USBPcap (link type 249)";
  for (const [name, choice] of [
    ["usbshort", "&snapLength=20"],
    ["usbfilter", "&filter=not+port+1"],
  ] as const)
    expect((await upload(name, await pcapOf(usb), choice)).notes).toContain(unread);
  const backwards = await upload("backwards", await pcapOf([...ROWS].reverse()));
  expect(backwards).toMatchObject({ stored: 300, first: ROWS[0]!.micros / 1000 });
  expect(backwards.notes).toContain("time runs backwards at 299 packets, by 0.250017 s at the most");
  const wide = Buffer.from(PCAP);
  wide.writeUInt32LE(0xffff_ffff, 16);
  expect(await upload("wide", wide)).toMatchObject({ stored: 300, problems: [] });
});

test("a capture that is taken a second time says so, and one of others does not", async () => {
  const bytes = await traffic(7);
  const first = await upload("first", bytes);
  const toldOf = ({ notes }: CaptureState) => notes.filter((note) => note.startsWith("it was taken before"));
  expect(toldOf(first)).toEqual([]);
  const second = await upload("again", gzipSync(bytes));
  expect(second).toMatchObject({ state: "finished", stored: 7 });
  const at = new Date(first.startedAt).toISOString();
  expect(toldOf(second)).toEqual([
    `it was taken before, at ${at} as first: packets and flows that both brought are stored twice`,
  ]);
  expect(toldOf(await upload("other", await traffic(8)))).toEqual([]);
  const otherLink = Buffer.from(bytes);
  otherLink.writeUInt32LE(249, 20);
  expect(toldOf(await upload("otherlink", otherLink))).toEqual([]);
  expect(toldOf(await upload("goeson", bytes, "&skip=6"))).toEqual([]);
});

test("filter, snap length and cutoff leave out what they say, and it is counted", async () => {
  const other = (await traffic(5, { destinationPort: 80 })).subarray(24);
  const mixed = Buffer.concat([await traffic(10), other]);
  const filtered = await upload("filtered", mixed, "&filter=udp+port+80");
  expect(filtered).toMatchObject({
    ...{ packets: 15, stored: 5, filtered: 10, shortened: 0 },
    filter: "udp port 80",
  });
  // 14 of Ethernet, 20 of IP, 8 of UDP and 100 of payload.
  expect(stored("filtered").map(([captured]) => captured)).toEqual(Array(5).fill(142));
  const short = await upload("short", mixed, "&snapLength=60");
  expect(short).toMatchObject({ stored: 15, shortened: 15 * 82 });
  expect(stored("short").map(([captured]) => captured)).toEqual(Array(15).fill(60));
  const cut = await upload("cut", mixed, "&cutoff=250");
  expect(stored("cut").map(([captured]) => captured - 42)).toEqual([
    ...[100, 100, 50, ...Array(7).fill(0)],
    ...[100, 100, 50, 0, 0],
  ]);
  expect(cut.shortened).toBe(1500 - 500);
  expect(stored("cut").every(([, original]) => original >= 142)).toBe(true);
  const rest = await upload("rest", mixed, "&skip=12");
  expect(rest).toMatchObject({ packets: 15, stored: 3 });
});

test("of packets only, no records of flows are made", async () => {
  // Where no sensor takes them there are no records anyway, so here is one.
  await using sensing = await openTestServer({ sensors: ["pcap"] });
  const text = new Uint8Array(await traffic(20));
  const taken = async (name: string, more = "") =>
    (await sensing.send("POST", `/captures?name=${name}${more}`, { text })).json();
  const messages = async () => {
    await sensing.platform.caughtUp();
    return sensing.json("POST", "/search", { query: "source.type:pcap" });
  };
  expect(await taken("only", "&packetsOnly=true")).toMatchObject({ stored: 20, flows: 0, records: 0 });
  expect(await messages()).toMatchObject({ hits: [] });
  expect(await taken("both")).toMatchObject({ stored: 20, flows: 1, records: 2 });
  expect(await messages()).toMatchObject({ hits: [{}, {}] });
}, 60_000);

test("captures are told and taken with a permission for packets", async () => {
  await using guarded = await openTestServer({
    actorOf: () => ({ name: "outsider", role: "engineer", packets: "none" }),
  });
  const calls = [
    "POST /captures",
    "GET /captures",
    "GET /captures/updates",
    "GET /captures/x",
    "DELETE /captures/x",
  ];
  for (const call of calls) {
    const [method = "", path = ""] = call.split(" ");
    const response = await guarded.send(
      method,
      path,
      method === "POST" ? { text: new Uint8Array(PCAP) } : {},
    );
    expect([call, response.status, await response.json()]).toMatchObject([
      call,
      403,
      { code: "PERMISSION_NEEDED" },
    ]);
  }
}, 60_000);

test("a filter with a mistake is refused with its place", async () => {
  expect(await refused(send("wrong", PCAP, "&filter=tcp+prt+80"))).toMatchObject({
    ...{ code: "REQUEST_INVALID", column: 5, detail: expect.stringContaining("tcp prt 80") },
  });
});

test("several are taken at once, up to a limit; each can be ended, and what was read of it stays", async () => {
  const names = ["one", "two", "three", "four"];
  const sending = names.map(open);
  const answers = sending.map(async (each) => (await once(each, "response"))[0].statusCode);
  for (const each of sending) each.write(PCAP.subarray(0, 10_000));
  for (const name of names) await until(name, ({ read }) => read > 0);
  expect(await refused(send("five", PCAP))).toMatchObject({ code: "TOO_BUSY", status: 429 });
  const { id } = (await listed("one")) as CaptureState;
  const stopped = captureState.parse(await server.json("DELETE", `/captures/${id}`));
  expect(stopped).toMatchObject({ state: "stopped", stored: stopped.packets });
  expect(stored("one")).toHaveLength(stopped.stored);
  for (const each of sending.slice(1)) each.end(PCAP.subarray(10_000));
  expect(await Promise.all(answers.slice(1))).toEqual([200, 200, 200]);
  expect(names.map((name) => stored(name).length)).toEqual([stopped.stored, 300, 300, 300]);
  // One that ended is removed from the list, and its packets stay.
  await server.json("DELETE", `/captures/${id}`);
  expect(await listed("one")).toBeUndefined();
  expect(await refused(server.send("DELETE", `/captures/${id}`))).toMatchObject({ code: "NOT_FOUND" });
});

test("changes are pushed", async () => {
  const stop = new AbortController();
  const response = await fetch(`${server.url}${API_BASE}/captures/updates`, { signal: stop.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  await upload("pushed", PCAP);
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes('"state":"finished"')) break;
  }
  stop.abort();
  const [, data = ""] = /event: capture\ndata: (.*"finished".*)\n/.exec(text) ?? [];
  expect(captureState.parse(JSON.parse(data))).toMatchObject({ name: "pushed", stored: 300 });
});
