/** What `host` means of ARP: in tcpdump's language its senders and targets (pcap-filter(7)), in fields of packets nothing, as it has none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { PacketQuestion } from "../../../api/packet-selection.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { selectPackets } from "../../../pcap/filters/filter.ts";
import { run, writeCapture } from "../../../pcap/testing/captures.ts";
import { ethernet, ip, join as joined, udp } from "../../../pcap/testing/frames.ts";
import { areInstalled } from "../../../pcap/testing/programs.ts";
import { readPcap } from "../../../pcap/testing/read-pcap.ts";
import { makeEnvironment } from "../../../stellar/run/environment.ts";
import { compileQuestion } from "./question.ts";

const ETHERNET = 1;
const four = (host: string) => host.split(".").map(Number);

/** A request of ARP (0x0806) or RARP (0x8035): RFC 826, RFC 903. */
function resolution(type: readonly [number, number], sender: string, target: string): Uint8Array {
  const hardware = [2, 0, 0, 0, 0, 1];
  return joined(
    [...[255, 255, 255, 255, 255, 255], ...hardware, ...type, 0, 1, 8, 0, 6, 4, 0, 1],
    [...hardware, ...four(sender), 0, 0, 0, 0, 0, 0, ...four(target)],
    new Uint8Array(18),
  );
}

const datagram = (from: string, to: string) =>
  ethernet(ip({ from, to, protocol: 17, payload: udp(1000, 53, new Uint8Array(8)) }));

const FRAMES: readonly (readonly [name: string, frame: Uint8Array])[] = [
  ["arp 1 to 2", resolution([8, 6], "10.0.0.1", "10.0.0.2")],
  ["arp 2 to 3", resolution([8, 6], "10.0.0.2", "10.0.0.3")],
  ["rarp 1 to 3", resolution([0x80, 0x35], "10.0.0.1", "10.0.0.3")],
  ["ip 1 to 3", datagram("10.0.0.1", "10.0.0.3")],
  ["ip 3 to 2", datagram("10.0.0.3", "10.0.0.2")],
  ["ip 4 to 5", datagram("10.0.0.4", "10.0.0.5")],
];

function capture() {
  const folder = mkdtempSync(join(tmpdir(), "metron-arp-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const frames = FRAMES.map(([name, frame]) => ({ name, frame }));
  return { folder, path: writeCapture(join(folder, "arp.pcap"), ETHERNET, frames).path };
}

function found(filter: PacketQuestion["filter"]): string[] {
  const packets = readPcap(capture().path);
  const question = compileQuestion(
    { filter, limit: 100 },
    { now: 1_800_000_000_000, environment: () => makeEnvironment() },
  );
  return selectPackets({ packets, layers: openDecoder().decode(packets) }, question.filter).map(
    (packet) => FRAMES[packet]![0],
  );
}

test.each<[string, readonly string[]]>([
  ["host 10.0.0.1", ["arp 1 to 2", "rarp 1 to 3", "ip 1 to 3"]],
  ["src host 10.0.0.2", ["arp 2 to 3"]],
  ["dst host 10.0.0.2", ["arp 1 to 2", "ip 3 to 2"]],
  ["arp host 10.0.0.3", ["arp 2 to 3"]],
  ["rarp host 10.0.0.3", ["rarp 1 to 3"]],
  ["ip host 10.0.0.1", ["ip 1 to 3"]],
  ["host 10.0.0.1 and not arp", ["rarp 1 to 3", "ip 1 to 3"]],
  ["net 10.0.0.0/30 and arp", ["arp 1 to 2", "arp 2 to 3"]],
  ["host 10.0.0.9", []],
])("tcpdump's %s", (bpf, expected) => {
  expect(found({ bpf })).toEqual(expected);
  if (!areInstalled("tcpdump")) return;
  const { folder, path } = capture();
  const result = join(folder, "found.pcap");
  run("tcpdump", ["-Z", "root", "-r", path, "-w", result, bpf]);
  const { count, micros } = readPcap(result);
  // Each frame has a second of its own.
  const all = readPcap(path);
  const numbers = Array.from({ length: count }, (_, row) => all.micros.indexOf(micros[row]!));
  expect(numbers.map((number) => FRAMES[number]![0])).toEqual(expected);
});

test.each<[string, PacketQuestion["filter"]]>([
  ["the search language", { search: "ip_addr:10.0.0.1" }],
  ["Stellar", { stellar: "ip_src_addr == '10.0.0.1' || ip_dst_addr == '10.0.0.1'" }],
  ["the fixed filter", { fixed: { ip_src_addr: "10.0.0.1", includes_reverse_traffic: true } }],
])("an address in %s is one of IP alone", (_, filter) => {
  expect(found(filter)).toEqual(["ip 1 to 3"]);
});

test("packets of ARP are found by their EtherType", () => {
  expect(found({ search: "ether_type:2054" })).toEqual(["arp 1 to 2", "arp 2 to 3"]);
});
