/** Early data (0-RTT; RFC 9000, 17.2.3) before and behind the client's hello, as tshark and we read it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { joined } from "../../formats/testing/samples.ts";
import { writePcap } from "../../formats/write-pcap.ts";
import { run, sharedCaptures } from "../../testing/captures.ts";
import { blockOf, type Frame } from "../../testing/frames.ts";
import { areInstalled } from "../../testing/programs.ts";
import { readPcap } from "../../testing/read-pcap.ts";
import { recordsOf } from "../../testing/records.ts";
import { readLongPacket } from "./initial.ts";

/** A conversation of QUIC over IPv4 in Ethernet, from its first packet on. */
const CAPTURE = sharedCaptures().find((path) =>
  path.endsWith("quic__firefox-102.13.0esr-blog-cloudflare-com.pcap"),
);
const PAYLOAD = 14 + 20 + 8;

function framesOf(path: string): Frame[] {
  const { count, bytes, starts, captured, micros } = readPcap(path);
  return Array.from({ length: count }, (_, row) => ({
    bytes: bytes.slice(starts[row], (starts[row] as number) + (captured[row] as number)),
    micros: micros[row] as number,
  }));
}

/** A packet of early data for the connection of an Initial: nobody can read what it carries. */
function earlyData(initial: Uint8Array): Uint8Array {
  const packet = readLongPacket(initial, 0, initial.length);
  if (packet === undefined) throw new Error("no long packet");
  const { destination, source } = packet;
  const sealed = Uint8Array.from({ length: 60 }, (_, at) => (at * 37 + 11) & 255);
  return Buffer.concat([
    Uint8Array.of(0xd0, 0, 0, 0, 1, destination.length),
    ...[destination, Uint8Array.of(source.length), source, Uint8Array.of(0x40, sealed.length), sealed],
  ]);
}

/** A frame with another payload of UDP. */
function withPayload({ bytes, micros }: Frame, payload: Uint8Array): Frame {
  const made = Buffer.concat([bytes.subarray(0, PAYLOAD), payload]);
  made.writeUInt16BE(28 + payload.length, 16);
  made.writeUInt16BE(8 + payload.length, 38);
  // No checksum of UDP is one that is not checked.
  made.writeUInt16BE(0, 40);
  return { bytes: made, micros };
}

type Mix = (frames: readonly Frame[], early: Uint8Array) => Frame[];

/** What is said of the connection: by how many records, and what of the hellos. */
function said(frames: readonly Frame[]) {
  return recordsOf([blockOf(frames)]).flatMap(({ kind, fields: { ts: _ts, ...fields } }) =>
    kind === "quic" || kind === "ssl" ? [[kind, fields]] : [],
  );
}

const APART: readonly [string, Mix][] = [
  ["overtakes the hello", ([hello, ...rest], early) => [withPayload(hello!, early), hello!, ...rest]],
  ["comes behind it", ([hello, ...rest], early) => [hello!, withPayload(hello!, early), ...rest]],
];
const TOGETHER: readonly [string, Mix][] = [
  [
    "is in one datagram with it",
    ([hello, ...rest], early) => [
      withPayload(hello!, Buffer.concat([hello!.bytes.subarray(PAYLOAD), early])),
      ...rest,
    ],
  ],
  [
    "is in front of it in one datagram",
    ([hello, ...rest], early) => [
      withPayload(hello!, Buffer.concat([early, hello!.bytes.subarray(PAYLOAD)])),
      ...rest,
    ],
  ],
];

test.skipIf(CAPTURE === undefined).each([...APART, ...TOGETHER])(
  "early data that %s changes nothing of what is said",
  (_, mix) => {
    const frames = framesOf(CAPTURE!);
    const early = earlyData(frames[0]!.bytes.subarray(PAYLOAD));
    expect(said(frames)).toHaveLength(2);
    expect(said(mix(frames, early))).toEqual(said(frames));
  },
);

// In one datagram with another packet tshark 4.0 does not see it.
test.skipIf(CAPTURE === undefined || !areInstalled("tshark")).each(APART)(
  "early data that %s hides nothing that tshark reads",
  async (_, mix) => {
    const frames = framesOf(CAPTURE!);
    const packets = blockOf(mix(frames, earlyData(frames[0]!.bytes.subarray(PAYLOAD))));
    const folder = mkdtempSync(join(tmpdir(), "metron-quic-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "early.pcap");
    writeFileSync(file, await joined(writePcap([packets]).bytes));
    const names = ["extensions_server_name", "ja3", "ja3s"].map((name) => `tls.handshake.${name}`);
    const fields = ["quic.long.packet_type", "quic.dcid", ...names].flatMap((field) => ["-e", field]);
    const rows = run("tshark", ["-2", "-n", "-r", file, "-T", "fields", ...fields]).split("\n");
    const read = (at: number) =>
      new Set(rows.flatMap((row) => row.split("\t")[at]?.split(",") ?? []).filter((value) => value !== ""));
    // A long packet of type 1.
    expect(read(0)).toContain("1");
    const records = new Map(recordsOf([packets]).map(({ kind, fields }) => [kind, fields]));
    const ssl = records.get("ssl");
    for (const [at, name] of ["server_name", "ja3", "ja3s"].entries())
      expect(read(2 + at)).toEqual(new Set([ssl?.[name]]));
    const identifiers = [...read(1)].map((id) => id.replaceAll(":", ""));
    expect(identifiers).toContain(records.get("quic")?.client_initial_dcid);
  },
);
