/** Compares the fields of the tree with those that tshark finds in the same packets: values and bytes, field by field. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pcapngBlocks } from "../formats/testing/pcapng-blocks.ts";
import { bytes, ethernet, ipv4, udp } from "../testing/build.ts";
import { run, sharedCaptures } from "../testing/captures.ts";
import { LINK_SAMPLES } from "../testing/link-samples.ts";
import { type PdmlField, readPdml } from "../testing/pdml.ts";
import { areInstalled } from "../testing/programs.ts";
import { packetsOf } from "../testing/tcp-captures.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import type { Field, PacketTree } from "./node.ts";
import { packetTree } from "./packet-tree.ts";
import { type Difference, EXPLAINED, OWN_NAMES } from "./testing/explained.ts";

/** Packets of each shared capture: the first ones have most kinds of messages, and tshark reads them all in seconds. */
const MOST_PACKETS = 30;

/** Microseconds. tshark takes the first bytes of an echo for a time when they are near that of the packet. */
const START = 1_700_000_000_000_000;

/** Nothing is put together from several packets, nothing is decoded, and every checksum is verified. */
const OPTIONS = [
  "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.relative_sequence_numbers:FALSE",
  "ip.check_checksum:TRUE",
  "tcp.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "http.dechunk_body:FALSE",
  "http.decompress_body:FALSE",
].flatMap((option) => ["-o", option]);

/** What says that a level is there: it must be read by both or by none. Other fields are compared where both have them. */
const LEVELS: ReadonlySet<string> = new Set([
  "arp.opcode",
  "dtls.record.length",
  "eth.dst",
  "gre.proto",
  "icmp.type",
  "icmpv6.type",
  "ip.src",
  "ipv6.src",
  "mpls.label",
  "sctp.srcport",
  "tcp.srcport",
  "udp.srcport",
  "vlan.id",
]);

type Frame = {
  readonly name: string;
  readonly linkType: number;
  readonly frame: Uint8Array;
  readonly wire: number;
};

const hasTools = areInstalled("tshark");
const hasCaptures = hasTools && sharedCaptures().length > 0 && areInstalled("editcap");
const folder = mkdtempSync(join(tmpdir(), "metron-pdml-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(!hasTools)("fields of our own samples are those of tshark", { timeout: 600_000 }, async () => {
  const { compared, differences } = await compare(samples());
  expect(unexplained(differences)).toEqual([]);
  expect(compared).toBeGreaterThan(3_000);
});

test.skipIf(!hasCaptures)(
  "fields of the shared captures are those of tshark",
  { timeout: 600_000 },
  async () => {
    const { compared, differences } = await compare(sharedFrames());
    expect(unexplained(differences)).toEqual([]);
    expect(compared).toBeGreaterThan(100_000);
    const needless = EXPLAINED.filter(({ of, is }) => of !== "samples" && !differences.some(is));
    expect(needless.map(({ why }) => why)).toEqual([]);
  },
);

test.skipIf(!hasCaptures)("names are Wireshark's, or one of ours that it has no field for", () => {
  const known = new Map(
    run("tshark", ["-G", "fields"])
      .split("\n")
      .map((line) => line.split("\t"))
      .map(([kind = "", , name = ""]) => [name, kind]),
  );
  const names = new Set<string>();
  for (const { frame, linkType, wire } of [...samples(), ...sharedFrames()])
    for (const { name } of allFields(packetTree(frame, linkType, wire))) names.add(name);
  // Kerberos has each member in an element of its own, which Wireshark leaves out.
  const own = [...names].filter((name) => !known.has(name) && !/^kerberos\..*_tag$/.test(name)).sort();
  expect(own).toEqual([...OWN_NAMES].sort());
});

/** Two records of DTLS 1.2 in a datagram: nothing of the kind is in the shared captures. */
const DTLS = ethernet(
  0x0800,
  ipv4(
    "192.0.2.1",
    "192.0.2.2",
    17,
    udp(40_000, 4433, bytes("14 fefd 0000 000000000005 0001 01", "17 fefd 0001 000000000000 0004 01020304")),
  ),
);

function samples(): readonly Frame[] {
  const dtls = { name: "DTLS", linkType: 1, frame: DTLS };
  return [...LINK_SAMPLES, ...TUNNEL_SAMPLES, dtls].map((each) => ({ ...each, wire: each.frame.length }));
}

function sharedFrames(): readonly Frame[] {
  return sharedCaptures().flatMap((path) => {
    const packets = packetsOf(path);
    if (packets === undefined) return [];
    const linkType = packets.seen[0]!.linkType;
    return Array.from({ length: Math.min(packets.count, MOST_PACKETS) }, (_, row) => {
      const start = packets.starts[row]!;
      const frame = packets.bytes.slice(start, start + packets.captured[row]!);
      return { name: `${basename(path)}#${row + 1}`, linkType, frame, wire: packets.original[row]! };
    });
  });
}

const unexplained = (differences: readonly Difference[]) =>
  differences.filter((difference) => !EXPLAINED.some(({ is }) => is(difference))).map(told);

const told = ({ place, name, ours, theirs }: Difference) =>
  `${place} ${name}: ${ours.map((each) => each.slice(0, 80)).join(" ") || "nothing"}, tshark ${theirs.map((each) => each.slice(0, 80)).join(" ") || "nothing"}`;

async function compare(frames: readonly Frame[]) {
  const differences: Difference[] = [];
  let compared = 0;
  let packet = 0;
  for await (const theirs of readPdml(write(frames), OPTIONS)) {
    const { name: place, linkType, frame, wire } = frames[packet++]!;
    const byName = Map.groupBy(theirs, ({ name }) => name);
    const ours = Map.groupBy(allFields(packetTree(frame, linkType, wire)), ({ name }) => name);
    for (const name of new Set([...ours.keys(), ...LEVELS])) {
      const fields = ours.get(name) ?? [];
      const others = byName.get(name) ?? [];
      if (others.length === 0 && !LEVELS.has(name)) continue;
      compared += fields.length;
      const left = [...others];
      const only = fields.filter((field) => {
        const at = left.findIndex((other) => isSame(field, other));
        if (at >= 0) left.splice(at, 1);
        return at < 0;
      });
      if (only.length + left.length > 0)
        differences.push({ place, name, ours: only.map(ourText), theirs: left.map(theirText) });
    }
  }
  expect(packet).toBe(frames.length);
  return { compared, differences };
}

/** All in one file, with an interface per link, so that tshark starts once. */
function write(frames: readonly Frame[]): string {
  const { section, interfaceOf, packet } = pcapngBlocks();
  const links = [...new Set(frames.map(({ linkType }) => linkType))];
  const path = join(mkdtempSync(join(folder, "capture-")), "frames.pcapng");
  const blocks = [
    section(),
    ...links.map((linkType) => interfaceOf(linkType, 0)),
    ...frames.map(({ linkType, frame, wire }, index) =>
      packet(links.indexOf(linkType), BigInt(START + index), frame, wire),
    ),
  ];
  writeFileSync(path, Buffer.concat(blocks));
  return path;
}

const ourText = ({ start, end, value }: Field) => `${start}-${end}=${value ?? ""}`;
const theirText = ({ start, end, show }: PdmlField) => `${start}-${end}=${show}`;

function allFields({ layers }: PacketTree): Field[] {
  const within = (fields: readonly Field[]): Field[] =>
    fields.flatMap((field) => [field, ...within(field.fields ?? [])]);
  return layers.flatMap(({ fields }) => within(fields));
}

/** Whether both have the same bytes and the same value, which tshark writes for people, as a number of any base, or only as its bytes. */
function isSame(ours: Field, theirs: PdmlField): boolean {
  if (ours.start !== theirs.start || ours.end !== theirs.end) return false;
  const { value } = ours;
  const raw = theirs.value ?? "";
  // A group, and a field that for tshark is only there.
  if (value === undefined || (theirs.show === "" && raw === "")) return true;
  if (typeof value === "number") return Number(theirs.show) === value || Number.parseInt(raw, 16) === value;
  const isCut = value.endsWith("…");
  const whole = isCut ? value.slice(0, -1) : value;
  const digits = whole.replace(/^0x/, "").replaceAll(":", "");
  const forms = [theirs.show, Buffer.from(raw, "hex").toString("latin1"), Buffer.from(raw, "hex").toString()];
  if (raw !== "" && (isCut ? raw.startsWith(digits) : raw === digits)) return true;
  return forms.some((form) => (isCut ? form.startsWith(whole) : form === whole));
}
