import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formatIpv4, formatIpv6 } from "../../core/ip.ts";
import type { Layers } from "../layers.ts";
import {
  hasForeignTools,
  type Merged,
  mergeCaptures,
  placeOf,
  run,
  sharedCaptures,
  writeCapture,
} from "../testing/captures.ts";
import { LINK_SAMPLES } from "../testing/link-samples.ts";
import { readPcap } from "../testing/read-pcap.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import { openDecoder } from "./decode.ts";

const captures = sharedCaptures();
/** Samples of ours that tshark does not read so, unless it is told to. */
const UNSOUGHT = [
  "VXLAN at Linux's port#1",
  "Teredo by its form#1",
  "Teredo by its form, to a Teredo address#1",
  "log of netfilter, big-endian#1",
];

const hasTools = hasForeignTools();
const isPossible = captures.length > 0 && hasTools;
if (!isPossible) console.warn("No captures to compare with tshark, or no tshark: left out.");
const { merged, remove } = isPossible ? mergeCaptures(captures) : { merged: [], remove: () => {} };
afterAll(remove);

/** Nothing is put together from several packets, and nothing is guessed. */
const OPTIONS = [
  "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.relative_sequence_numbers:FALSE",
].flatMap((option) => ["-o", option]);

const FIELDS = [
  "frame.protocols",
  "vlan.id",
  "ip.src",
  "ip.dst",
  "ip.proto",
  "ipv6.src",
  "ipv6.dst",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.len",
  "udp.srcport",
  "udp.dstport",
  "udp.length",
  "sctp.srcport",
  "sctp.dstport",
  "icmp.type",
  "icmp.code",
  "icmpv6.type",
  "icmpv6.code",
] as const;

const TRANSPORTS = new Map<number, "icmp" | "tcp" | "udp" | "icmpv6" | "sctp">([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmpv6"],
  [132, "sctp"],
]);

type Fields = Record<(typeof FIELDS)[number], string[]>;

/** Every way in which the two readings may differ, and why. */
const EXPLAINED: readonly { readonly why: string; readonly is: (difference: Difference) => boolean }[] = [
  {
    why: "tshark lists the packet that a message of ICMP speaks of like one in a tunnel",
    is: ({ protocols }) => /icmp:ip:|icmp:ip$|icmpv6:ipv6/.test(protocols),
  },
  {
    why: "tshark takes the last four bytes of a frame within FabricPath for a checksum, which it has not",
    is: ({ protocols, theirs }) => protocols.startsWith("eth:cfp:eth:") && theirs === "",
  },
  {
    why: "of three VLANs the inner two are kept",
    is: ({ place, field, theirs, ours }) =>
      place.startsWith("vlan-qinqinq.pcap#") && field === "vlan.id" && theirs.endsWith(`,${ours}`),
  },
  {
    why: "tshark reads no further than an option of IPv6 that is wrong; what follows the options is found by their length",
    is: ({ place }) => place === "ipv6-mobility-dst-opts.pcap#1",
  },
  {
    why: "a header that was cut within the addresses gives none of them",
    is: ({ place, field }) => place === "trunc__ip6-trunc.pcap#1" && field === "ipv6.src",
  },
  {
    why: "a header that says it is too short is marked, and its addresses are kept",
    is: ({ place, field }) =>
      place === "trunc__ipv4-internally-truncated-header.pcap#1" && /^ip\.(dst|proto)$/.test(field),
  },
];

type Difference = {
  readonly place: string;
  readonly field: string;
  readonly theirs: string;
  readonly ours: string;
  readonly protocols: string;
};

test.skipIf(!isPossible)("tuples, VLANs and lengths are those of tshark", { timeout: 600_000 }, () => {
  const differences = merged.flatMap(differencesIn);
  const unexplained = differences.filter((difference) => !EXPLAINED.some(({ is }) => is(difference)));
  expect(unexplained).toEqual([]);
  const needless = EXPLAINED.filter(({ is }) => !differences.some(is));
  expect(needless.map(({ why }) => why)).toEqual([]);
});

test.skipIf(!hasTools)(
  "links and tunnels of our own samples are those of tshark",
  { timeout: 600_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "metron-samples-"));
    const byLink = Map.groupBy([...LINK_SAMPLES, ...TUNNEL_SAMPLES], ({ linkType }) => linkType);
    const differences = [...byLink].flatMap(([linkType, samples]) =>
      differencesIn(writeCapture(join(folder, `${linkType}.pcap`), linkType, samples)),
    );
    rmSync(folder, { recursive: true });
    expect(differences.filter(({ place }) => !UNSOUGHT.includes(place))).toEqual([]);
  },
);

function differencesIn(capture: Merged): readonly Difference[] {
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  const output = run("tshark", ["-n", "-r", capture.path, "-T", "fields", ...OPTIONS, ...fields]);
  const lines = output.trimEnd().split("\n");
  const packets = readPcap(capture.path);
  expect(lines.length).toBe(packets.count);
  const layers = openDecoder().decode(packets);
  const differences: Difference[] = [];
  let row = 0;
  for (const [packet, line] of lines.entries()) {
    const first = row;
    while (row < layers.count && layers.packet[row] === packet) row++;
    const [protocols = "", ...cells] = line.split("\t");
    const ours = fieldsOf(layers, first, row);
    for (const [index, field] of FIELDS.slice(1).entries()) {
      const theirs = cells[index] ?? "";
      const place = placeOf(capture, packet);
      if (theirs !== ours[field].join())
        differences.push({ place, field, theirs, ours: ours[field].join(), protocols });
    }
  }
  return differences;
}

function fieldsOf(layers: Layers, from: number, to: number): Fields {
  // Every field gets a list, so the record is whole.
  const fields = Object.fromEntries(FIELDS.map((field) => [field, []])) as unknown as Fields;
  for (let row = from; row < to; row++) {
    const version = layers.version[row];
    if (layers.outerVlan[row]! >= 0) fields["vlan.id"].push(String(layers.outerVlan[row]));
    if (layers.vlan[row]! >= 0) fields["vlan.id"].push(String(layers.vlan[row]));
    if (version === 0) continue;
    const protocol = version === 4 ? "ip" : "ipv6";
    fields[`${protocol}.src`].push(address(layers.source, version, row));
    fields[`${protocol}.dst`].push(address(layers.destination, version, row));
    if (version === 4) fields["ip.proto"].push(String(layers.protocol[row]));
    const source = layers.sourcePort[row]!;
    const transport = TRANSPORTS.get(layers.protocol[row]!);
    if (transport === undefined || source < 0) continue;
    if (transport === "icmp" || transport === "icmpv6") {
      fields[`${transport}.type`].push(String(source));
      fields[`${transport}.code`].push(String(layers.destinationPort[row]));
      continue;
    }
    fields[`${transport}.srcport`].push(String(source));
    fields[`${transport}.dstport`].push(String(layers.destinationPort[row]));
    if (transport === "tcp") fields["tcp.len"].push(String(layers.payloadWire[row]));
    if (transport === "udp") fields["udp.length"].push(String(layers.payloadWire[row]! + 8));
  }
  return fields;
}

function address(words: Uint32Array, version: number | undefined, row: number): string {
  const [first = 0, second = 0, third = 0, last = 0] = words.subarray(4 * row, 4 * row + 4);
  return version === 4 ? formatIpv4(last) : formatIpv6([first, second, third, last]);
}
