import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { openDecoder } from "../decode/decode.ts";
import { SESSIONS } from "../flows/testing/sessions.ts";
import type { Packets } from "../packets.ts";
import { openCollector } from "../reassembly/collect.ts";
import type { Side } from "../reassembly/segment.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { blockOf } from "../testing/frames.ts";
import { mutate, tries } from "../testing/mutate.ts";
import { readPcap } from "../testing/read-pcap.ts";
import type { FlowContext } from "./protocol.ts";
import { DATAGRAM_PROTOCOLS, STREAM_PROTOCOLS } from "./protocols.ts";

const COUNT = 3000;
const MOST_PIECES = 30;
const AROUND = 64;
/** What a reader may keep of a flow, and write of it: far more than honest ones do. */
const MOST_HELD = 2 ** 21;
const MOST_RECORD = 2 ** 20;

type Piece = { readonly side: Side; readonly bytes: Uint8Array };
/** What two ends say, in the order in which they say it. */
type Talk = { readonly ports: readonly [number, number]; readonly pieces: readonly Piece[] };

const EMPTY = new Uint8Array(0);
const { streams, datagrams } = talksOf([
  ...SESSIONS.map(({ frames }) => blockOf(frames)),
  ...sharedCaptures()
    .filter((path) => path.endsWith(".pcap"))
    .map(readPcap),
]);

/** Streams and datagrams that some protocol takes for its own. */
function talksOf(captures: readonly Packets[]): { streams: Talk[]; datagrams: Talk[] } {
  const streams: Talk[] = [];
  const datagrams: Talk[] = [];
  for (const packets of captures) {
    const collector = openCollector({ bytes: 200_000, packets: 500 });
    collector.add(packets, openDecoder().decode(packets));
    const { tcp, udp } = collector.conversations();
    for (const { chunks, endpoints } of tcp.slice(0, 5)) {
      const pieces = chunks.flatMap((chunk) => (chunk.kind === "bytes" ? [chunk] : [])).slice(0, MOST_PIECES);
      const talk: Talk = { ports: [endpoints[0].port, endpoints[1].port], pieces };
      if (streamProtocol(talk) !== undefined) streams.push(talk);
    }
    for (const { datagrams: pieces, endpoints } of udp.slice(0, 5)) {
      const talk: Talk = {
        ports: [endpoints[0].port, endpoints[1].port],
        pieces: pieces.slice(0, MOST_PIECES),
      };
      if (datagramProtocol(talk) !== undefined) datagrams.push(talk);
    }
  }
  return { streams, datagrams };
}

function streamProtocol({ ports, pieces }: Talk) {
  const heads = ([0, 1] as const).map((side) => pieces.find((piece) => piece.side === side)?.bytes ?? EMPTY);
  const first = { heads: [heads[0] ?? EMPTY, heads[1] ?? EMPTY], ports } as const;
  return STREAM_PROTOCOLS.find((protocol) => protocol.tells(first) === true);
}

function datagramProtocol({ ports, pieces }: Talk) {
  const bytes = pieces[0]?.bytes ?? EMPTY;
  return DATAGRAM_PROTOCOLS.find(({ tells }) => tells(bytes, 0, bytes.length, ports));
}

/** A flow that notes what is said of it. */
function openContext(transport: "tcp" | "udp", ports: readonly [number, number]) {
  const said: unknown[] = [];
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  const flow: FlowContext = {
    ...{ uid: "C1", transport, addresses: ["10.0.0.1", "10.0.0.2"], ports, finish: over, restart: over },
    now: () => 1,
    expect: (address, port) => void said.push({ expected: `${address} ${port}` }),
    speaks: (service) => void said.push(service),
    write(kind, micros, fields) {
      expect(JSON.stringify(fields).length).toBeLessThan(MOST_RECORD);
      said.push({ kind, micros, fields });
    },
  };
  return { flow, said, isOver: () => isOver };
}

/** Bytes with others before and behind them. */
function surrounded(bytes: Uint8Array, fill: number): Uint8Array {
  const around = new Uint8Array(AROUND).fill(fill);
  return Buffer.concat([around, bytes, around]);
}

function damaged({ ports, pieces }: Talk, random: () => number): Talk {
  return {
    ports,
    pieces: pieces.flatMap((piece) => {
      const chance = random();
      if (chance < 0.04) return [];
      if (chance < 0.08) return [piece, piece];
      return [chance < 0.6 ? piece : { side: piece.side, bytes: mutate(piece.bytes, random) }];
    }),
  };
}

test("damaged streams are read by each protocol within their bounds", { timeout: 600_000 }, async () => {
  expect(streams.length).toBeGreaterThan(5);
  await tries(runs(COUNT), 1, (random) => {
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const original = streams[upTo(streams.length)]!;
    // Sometimes a protocol reads what is another's.
    const protocol =
      random() < 0.9 ? streamProtocol(original) : STREAM_PROTOCOLS[upTo(STREAM_PROTOCOLS.length)];
    const { ports, pieces } = damaged(original, random);
    const gaps = pieces.map(() => (random() < 0.03 ? 1 + upTo(2000) : 0));
    const read = (fill: number) => {
      const { flow, said, isOver } = openContext("tcp", ports);
      const reader = protocol!.open(flow);
      for (const [index, { side, bytes }] of pieces.entries()) {
        if (isOver()) break;
        if (gaps[index]! > 0) reader.gap(side, gaps[index]!);
        reader.data(side, surrounded(bytes, fill), AROUND, AROUND + bytes.length);
        expect(reader.held()).toBeLessThan(MOST_HELD);
      }
      reader.end();
      return said;
    };
    // What is around bytes says nothing about them.
    expect(read(0)).toEqual(read(0xff));
  });
});

test("damaged datagrams are read by each protocol within their bounds", { timeout: 600_000 }, async () => {
  await tries(runs(COUNT), 2, (random) => {
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const original = datagrams[upTo(datagrams.length)]!;
    const protocol =
      random() < 0.9 ? datagramProtocol(original) : DATAGRAM_PROTOCOLS[upTo(DATAGRAM_PROTOCOLS.length)];
    const { ports, pieces } = damaged(original, random);
    const read = (fill: number) => {
      const { flow, said, isOver } = openContext("udp", ports);
      const reader = protocol!.open(flow);
      for (const { side, bytes } of pieces) {
        if (isOver()) break;
        const around = surrounded(bytes, fill);
        protocol!.tells(around, AROUND, AROUND + bytes.length, ports);
        reader.data(side, around, AROUND, AROUND + bytes.length);
      }
      reader.end();
      return said;
    };
    expect(read(0)).toEqual(read(0xff));
  });
});
