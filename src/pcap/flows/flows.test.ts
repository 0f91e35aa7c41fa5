import { describe, expect, test } from "vitest";
import { openDecoder } from "../decode/decode.ts";
import { TCP } from "../reassembly/segment.ts";
import { packetsOf } from "../testing/build.ts";
import { blockOf, ethernet, type Frame, ip, udp } from "../testing/frames.ts";
import { collectRecords, type ReadRecord, recordsOf } from "../testing/records.ts";
import { bytesOfText, type Talk, talk } from "../testing/talk.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import type { FlowLimits } from "./flows.ts";

const START = 1_700_000_000_000_000;

function read(frames: readonly Frame[], limits: Partial<FlowLimits> = {}): ReadRecord[] {
  return recordsOf([blockOf(frames)], limits);
}

/** The only record of a connection among others. */
function conn(records: readonly ReadRecord[]): ReadRecord["fields"] {
  const [first, ...more] = records.filter(({ kind }) => kind === "conn");
  expect(more).toEqual([]);
  return first?.fields ?? {};
}

const SYN = { flags: TCP.syn, position: -1, acknowledgement: 0 };
const SYN_ACK = { flags: TCP.syn | TCP.ack, position: -1 };
const FIN = { flags: TCP.fin | TCP.ack };
const RESET = { flags: TCP.reset | TCP.ack };

describe("states of connections (https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html)", () => {
  test.each<[state: string, history: string, played: Talk]>([
    ["S0", "S", talk().raw(0, SYN)],
    ["S1", "ShADd", talk().open().say(0, "question").say(1, "answer")],
    ["SF", "ShADdFfA", talk().open().say(0, "question").say(1, "answer").close()],
    ["REJ", "Sr", talk().raw(0, SYN).raw(1, RESET)],
    ["S2", "ShADF", talk().open().say(0, "question").raw(0, FIN)],
    ["S3", "ShADf", talk().open().say(0, "question").raw(1, FIN)],
    ["RSTO", "ShADR", talk().open().say(0, "question").raw(0, RESET)],
    ["RSTR", "ShADr", talk().open().say(0, "question").raw(1, RESET)],
    ["RSTOS0", "SR", talk().raw(0, SYN).raw(0, RESET)],
    // What comes with a reset counts as no data.
    [
      "RSTR",
      "ShADr",
      talk()
        .open()
        .say(0, "question")
        .raw(1, { ...RESET, payload: bytesOfText("why") }),
    ],
    ["RSTRH", "hr", talk().raw(1, SYN_ACK).raw(1, RESET)],
    ["SH", "SF", talk().raw(0, SYN).raw(0, FIN)],
    ["SHR", "hf", talk().raw(1, SYN_ACK).raw(1, FIN)],
    ["OTH", "Dd", talk().say(0, "question").say(1, "answer")],
  ])("%s", (state, history, played) => {
    const { conn_state, history: letters } = conn(read(played.frames));
    expect({ conn_state, letters: String(letters).replace(/A(?=$)/, "") }).toEqual({
      conn_state: state,
      letters: history.replace(/A(?=$)/, ""),
    });
  });
});

test("a connection is told with its ends, times, bytes and packets", () => {
  const records = read(talk().open().say(0, "question").say(1, "answer!").close().frames);
  expect(conn(records)).toEqual({
    ts: START / 1e6,
    uid: expect.stringMatching(/^C[0-9a-f]{20}$/),
    "id.orig_h": "10.0.0.1",
    "id.orig_p": 40_000,
    "id.resp_h": "10.0.0.2",
    "id.resp_p": 80,
    community_id: expect.stringMatching(/^1:.{28}$/),
    proto: "tcp",
    duration: 0.007,
    orig_bytes: 8,
    resp_bytes: 7,
    conn_state: "SF",
    missed_bytes: 0,
    history: "ShADdFf",
    orig_pkts: 5,
    orig_ip_bytes: 5 * 40 + 8,
    resp_pkts: 3,
    resp_ip_bytes: 3 * 40 + 7,
  });
});

test("reading packets again gives the same records, whatever their blocks", () => {
  const { frames } = talk()
    .open()
    .say(0, "GET / HTTP/1.1\r\n\r\n")
    .say(1, "HTTP/1.1 200 OK\r\n\r\nhello")
    .close();
  const whole = recordsOf([blockOf(frames)]);
  expect(whole.map(({ kind }) => kind)).toEqual(["files", "http", "conn"]);
  expect(recordsOf(frames.map((frame) => blockOf([frame])))).toEqual(whole);
});

/** Splits the IP packet of a frame into two fragments. */
function inFragments({ bytes, micros }: Frame): Frame[] {
  const payload = bytes.subarray(34);
  const hosts = { from: "10.0.0.1", to: "10.0.0.2", protocol: 6, id: 9 };
  return [
    { offset: 0, payload: payload.subarray(0, 24), more: true },
    { offset: 24, payload: payload.subarray(24) },
  ].map((piece) => ({ bytes: ethernet(ip({ ...hosts, ...piece })), micros }));
}

const page = () =>
  talk()
    .open()
    .say(0, "GE")
    .say(0, "T /a HTTP/1.1\r\n\r\n")
    .say(1, "HTTP/1.1 200 OK\r\n\r\none, two")
    .close();

test.each<[what: string, change: (frames: Frame[]) => Frame[]]>([
  ["the beginning of a protocol", (frames) => frames],
  [
    "segments out of order",
    ([one, two, three, four, five, ...rest]) => [one!, two!, three!, five!, four!, ...rest],
  ],
  ["fragments", (frames) => frames.flatMap((frame, at) => (at === 4 ? inFragments(frame) : [frame]))],
])("what waits is a copy, as the bytes of a block are overwritten: %s", (_, change) => {
  const frames = change(page().frames);
  const { flows, records } = collectRecords();
  const decoder = openDecoder();
  for (const frame of frames) {
    // Readers of captures give Buffers, whose `slice` is no copy.
    const block = blockOf([frame]);
    block.bytes = Buffer.from(block.bytes);
    flows.push(block, decoder.decode(block));
    block.bytes.fill(0);
  }
  flows.end();
  expect(records).toEqual(read(frames));
});

test("what a protocol has not told when both sides have ended is told when the connection is closed", () => {
  const played = talk().open().say(0, "GET /a HTTP/1.1\r\n\r\n").close();
  expect(read(played.frames).map(({ kind, fields }) => [kind, fields.uri])).toEqual([
    ["http", "/a"],
    ["conn", undefined],
  ]);
});

test("payload counts by its numbers: what was lost counts and is missing, what came twice counts once", () => {
  const played = talk()
    .open()
    .say(0, "ab")
    .say(0, "cde")
    .lose()
    .say(0, "f")
    .raw(0, { position: 0, payload: bytesOfText("ab") });
  const { orig_bytes, missed_bytes, history } = conn(read(played.close().frames));
  expect({ orig_bytes, missed_bytes, history }).toEqual({
    orig_bytes: 6,
    missed_bytes: 3,
    history: "ShADTFfG",
  });
});

test("nothing is missing of what the server says first", () => {
  const played = talk({ ports: [40_000, 22] })
    .open()
    .say(1, "SSH-2.0-one\r\n")
    .say(0, "SSH-2.0-other\r\n");
  const records = read(played.frames);
  expect(conn(records)).toMatchObject({ service: "ssh", missed_bytes: 0, history: "ShAdD" });
  expect(records.find(({ kind }) => kind === "ssh")?.fields).toMatchObject({ server: "SSH-2.0-one" });
});

test("a new SYN with another number begins another connection", () => {
  const one = talk().open().close();
  const other = talk({ numbers: [70_000, 90_000], startMicros: START + 1e6 }).open();
  const records = read([...one.frames, ...other.frames]);
  expect(records.map(({ fields }) => fields.conn_state)).toEqual(["SF", "S1"]);
  expect(new Set(records.map(({ fields }) => fields.uid)).size).toBe(2);
});

test("an answer that comes first, and a well-known port, tell who began", () => {
  const answered = talk().raw(1, SYN_ACK).frames;
  expect(conn(read(answered))).toMatchObject({ "id.orig_h": "10.0.0.1", history: "h" });
  const middle = talk().say(1, "answer").frames;
  expect(conn(read(middle))).toMatchObject({ "id.orig_h": "10.0.0.1", history: "^d" });
});

test("flows end after silence, each kind after its own", () => {
  const { flows, records } = collectRecords();
  const decoder = openDecoder();
  const datagram = ethernet(
    ip({ from: "10.0.0.1", to: "10.0.0.2", protocol: 17, payload: udp(5_000, 6_000, bytesOfText("hi")) }),
  );
  const block = blockOf([...talk().raw(0, SYN).frames, { bytes: datagram, micros: START }]);
  flows.push(block, decoder.decode(block));
  flows.tick(START + 10e6);
  expect(records).toEqual([]);
  flows.tick(START + 11e6);
  expect(records.map(({ fields }) => fields.conn_state)).toEqual(["S0"]);
  flows.tick(START + 61e6);
  expect(records.map(({ fields }) => fields.proto)).toEqual(["tcp", "udp"]);
});

test("a flow that goes on is told on the way, with a mark, and whole at its end", () => {
  const frames = talk().open().frames;
  for (let minute = 1; minute <= 12; minute++) {
    const said = talk({ startMicros: START + minute * 60e6 }).raw(0, {
      position: (minute - 1) * 4,
      payload: bytesOfText("more"),
    });
    frames.push(...said.frames);
  }
  const told = read(frames).map(({ fields: { uid, ongoing, orig_bytes } }) => ({ uid, ongoing, orig_bytes }));
  const { uid } = told[0] ?? {};
  expect(told).toEqual([
    { uid, ongoing: true, orig_bytes: 40 },
    { uid, ongoing: undefined, orig_bytes: 48 },
  ]);
});

test("the table is bounded: the flow that was silent longest ends for a new one", () => {
  const { flows, records } = collectRecords({ flows: 10 });
  const frames = Array.from(
    { length: 25 },
    (_, at) => talk({ ports: [40_000 + at, 80], startMicros: START + at }).raw(0, SYN).frames,
  ).flat();
  const block = blockOf(frames);
  flows.push(block, openDecoder().decode(block));
  expect(records.map(({ fields }) => fields["id.orig_p"])).toEqual(
    Array.from({ length: 15 }, (_, at) => 40_000 + at),
  );
  expect(flows.counts).toMatchObject({ flows: 25, evicted: 15 });
  expect(flows.leftOut()).toEqual(["15 flows were ended early, as more than 10 went on at once"]);
});

test("what is in a tunnel names the tunnels around it, the outermost first", () => {
  const samples = TUNNEL_SAMPLES.map((sample) => recordsOf([packetsOf(sample.linkType, [sample.frame])]));
  const deep = samples.filter((records) => records.length > 1);
  expect(deep.length).toBeGreaterThan(5);
  for (const records of deep) {
    const inner = records.filter(({ fields }) => fields.tunnel_parents !== undefined);
    const uids = new Set(records.map(({ fields }) => fields.uid));
    for (const { fields } of inner)
      for (const parent of [fields.tunnel_parents].flat()) expect(uids.has(parent)).toBe(true);
    expect(inner.length).toBe(records.length - 1);
  }
});

test("fragments are put together before they are read", () => {
  const question = Buffer.from(
    "1234010000010000000000000377777707657861 6d706c6503636f6d0000010001".replace(" ", ""),
    "hex",
  );
  const datagram = udp(5_353, 53, question);
  const whole = { from: "10.0.0.1", to: "10.0.0.2", protocol: 17, id: 7 };
  const frames = [
    ip({ ...whole, payload: datagram.subarray(0, 24), more: true }),
    ip({ ...whole, payload: datagram.subarray(24), offset: 24 }),
  ].map((packet, at) => ({ bytes: ethernet(packet), micros: START + at }));
  const records = read(frames);
  expect(records.find(({ kind }) => kind === "dns")?.fields).toMatchObject({
    query: "www.example.com",
    qtype_name: "A",
  });
  expect(conn(records)).toMatchObject({ orig_pkts: 1, orig_bytes: question.length });
});

test("fragments that are never whole, and headers that are cut, are told of", () => {
  const ends = { from: "10.0.0.1", to: "10.0.0.2" };
  const datagram = udp(5_353, 53, new Uint8Array(32));
  const frames = [
    ip({ ...ends, protocol: 17, id: 7, payload: datagram.subarray(0, 24), more: true }),
    ip({ ...ends, protocol: 6, payload: new Uint8Array(2) }),
  ].map((packet, at) => ({ bytes: ethernet(packet), micros: START + at }));
  const { flows } = collectRecords();
  const block = blockOf(frames);
  flows.push(block, openDecoder().decode(block));
  flows.end();
  expect(flows.leftOut()).toEqual([
    "1 packets are in no flow, as their header of TCP, UDP, SCTP or ICMP is cut or broken",
    "1 fragmented datagrams miss fragments",
  ]);
});

test("a question of ping and its answer are one flow", () => {
  const echo = (type: number, from: string, to: string) => ({
    bytes: ethernet(
      ip({ from, to, protocol: 1, payload: Uint8Array.from([type, 0, 0, 0, 0, 1, 0, 1, 65, 66]) }),
    ),
    micros: START,
  });
  expect(conn(read([echo(8, "10.0.0.1", "10.0.0.2"), echo(0, "10.0.0.2", "10.0.0.1")]))).toMatchObject({
    proto: "icmp",
    "id.orig_p": 8,
    "id.resp_p": 0,
    orig_pkts: 1,
    resp_pkts: 1,
    orig_bytes: 2,
    conn_state: "OTH",
  });
});

test("what readers keep of all flows is bounded: what is too much is not read, and counted", () => {
  const { flows, records } = collectRecords({ bytes: 2 ** 17 });
  const frames = Array.from(
    { length: 20 },
    (_, at) =>
      talk({ ports: [40_000 + at, 80] })
        .open()
        .say(0, `GET /${"a".repeat(10_000)} HTTP/1.1\r\nX: ${"b".repeat(10_000)}`).frames,
  ).flat();
  const block = blockOf(frames);
  flows.push(block, openDecoder().decode(block));
  const { unread } = flows.counts;
  expect(unread).toBeGreaterThan(10);
  expect(unread).toBeLessThan(20);
  expect(flows.leftOut()).toEqual([expect.stringMatching(`^${unread} flows were not read to their end`)]);
  flows.end();
  expect(records.filter(({ kind }) => kind === "conn").length).toBe(20);
});
