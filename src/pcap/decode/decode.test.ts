import { expect, test } from "vitest";
import { bytes, describeRows, ethernet, ipv4, ipv6, packetsOf, tcp, udp } from "../testing/build.ts";
import { LINK_SAMPLES } from "../testing/link-samples.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import { describeLeftOut, openDecoder } from "./decode.ts";
import { LINK } from "./link-types.ts";

const hello = bytes("68656c6c6f");

function rowsOf(
  frame: Uint8Array,
  linkType: number = LINK.ethernet,
  original = frame.length,
): readonly string[] {
  const packets = packetsOf(linkType, [frame]);
  packets.original[0] = original;
  return describeRows(openDecoder().decode(packets));
}

test.each(LINK_SAMPLES)("link: $name", ({ linkType, frame, rows }) => {
  expect(rowsOf(frame, linkType)).toEqual(rows);
});

test.each(TUNNEL_SAMPLES)("tunnel: $name", ({ linkType, frame, rows }) => {
  expect(rowsOf(frame, linkType)).toEqual(rows);
});

test.each([
  ["VLAN", [0x0800]],
  ["MPLS", [0x8847]],
  ["PPP over Ethernet", [0x8864]],
  ["GRE", [0x0800, 0x0800]],
  ["GRE with everything", [0x0800, 0x86dd]],
  ["IP in IP", [0x0800, 0]],
  ["VXLAN with a VLAN within", [0x0800, 0x0800]],
])("EtherTypes of %s are what the links say", (name, types) => {
  const { linkType, frame } = TUNNEL_SAMPLES.find((sample) => sample.name === name)!;
  const layers = openDecoder().decode(packetsOf(linkType, [frame]));
  expect(Array.from(layers.etherType.subarray(0, layers.count))).toEqual(types);
});

test("every link that is read has a sample", () => {
  const sampled = new Set(LINK_SAMPLES.map(({ linkType }) => linkType));
  const alike: readonly number[] = [LINK.rawBsd, LINK.rawOpenBsd];
  expect(
    Object.values(LINK).filter((linkType) => !sampled.has(linkType) && !alike.includes(linkType)),
  ).toEqual([]);
});

test("a link that nobody reads is counted and named", () => {
  const decoder = openDecoder();
  const layers = decoder.decode(packetsOf(187, [hello, hello]));
  expect(describeRows(layers)).toEqual(["0 type 0000 payload 5", "0 type 0000 payload 5"]);
  decoder.decode(packetsOf(9999, [hello]));
  expect(describeLeftOut(decoder.leftOut)).toEqual([
    "2 packets have a link type nobody reads: Bluetooth HCI (link type 187)",
    "1 packets have a link type nobody reads: link type 9999",
  ]);
});

test.each([
  ["UDP-Lite", 136, udp(1, 2, hello), "1 > 10.0.0.2 2 protocol 136 payload 5"],
  ["SCTP", 132, bytes("0001 0002 00000000 00000000", hello), "1 > 10.0.0.2 2 protocol 132 payload 5"],
  [
    "DCCP",
    33,
    bytes("0001 0002 04 00 0000 00000000 00000000", hello),
    "1 > 10.0.0.2 2 protocol 33 payload 5",
  ],
  ["ICMP", 1, bytes("08 00 0000 0001 0002", hello), "8 > 10.0.0.2 0 protocol 1 payload 5"],
  ["IGMP", 2, bytes("11 64 0000 00000000"), "> 10.0.0.2 protocol 2 payload 8"],
  ["ESP", 50, bytes("00000001 00000001", hello), "> 10.0.0.2 protocol 50 payload 13"],
  [
    "AH before UDP",
    51,
    bytes("11 04 0000 00000001 00000001", new Uint8Array(12), udp(1, 2, hello)),
    "1 > 10.0.0.2 2 protocol 17 payload 5",
  ],
  [
    "TCP with options",
    6,
    bytes("0001 0002 00000001 00000002 6018 2000 0000 0000 01010101", hello),
    "1 > 10.0.0.2 2 protocol 6 payload 5",
  ],
])("transport: %s", (_name, protocol, payload, row) => {
  const frame = ethernet(0x0800, ipv4("10.0.0.1", "10.0.0.2", protocol, payload));
  expect(rowsOf(frame)).toEqual([`0 10.0.0.1 ${row}`]);
});

test.each([
  [
    "hop by hop, routing, destination",
    0,
    "2b 00 0104 00000000  3c 00 0000 00000000  11 00 0104 00000000",
    "1 > 2001:db8::2 2 protocol 17 payload 5",
  ],
  [
    "AH",
    51,
    "11 04 0000 00000001 00000001 000000000000000000000000",
    "1 > 2001:db8::2 2 protocol 17 payload 5",
  ],
  ["a whole packet as fragment", 44, "11 00 0000 00000001", "1 > 2001:db8::2 2 protocol 17 payload 5"],
  ["a first fragment", 44, "11 00 0001 00000001", "1 > 2001:db8::2 2 protocol 17 payload 5 fragment"],
  ["a later fragment", 44, "11 00 0009 00000001", "> 2001:db8::2 protocol 17 payload 13 fragment later"],
  ["mobility", 135, "3b 01 0500 0000 0000 0000000000000000", "> 2001:db8::2 protocol 135 payload 29"],
])("IPv6 extension: %s", (_name, next, extensions, row) => {
  const frame = ethernet(
    0x86dd,
    ipv6("2001:db8::1", "2001:db8::2", next, bytes(extensions, udp(1, 2, hello))),
  );
  expect(rowsOf(frame)).toEqual([`0 2001:db8::1 ${row}`]);
});

const packet = ipv4("10.0.0.1", "10.0.0.2", 6, tcp(1, 2, hello));
const UP_TO_PORTS = "0 10.0.0.1 1 > 10.0.0.2 2 protocol 6";

/** The packet with some bytes of it replaced, by their place. */
function changed(changes: Readonly<Record<number, string>>): Uint8Array {
  const copy = Uint8Array.from(packet);
  for (const [at, value] of Object.entries(changes)) copy.set(bytes(value), Number(at));
  return copy;
}

test.each([
  ["padding of the link is left out", bytes(packet, "000000"), undefined, `${UP_TO_PORTS} payload 5`],
  ["no total length: the capture knows it", changed({ 2: "0000" }), undefined, `${UP_TO_PORTS} payload 5`],
  ["cut in the payload", packet.subarray(0, 42), 45, `${UP_TO_PORTS} payload 2/5 cut`],
  ["cut in the header of TCP", packet.subarray(0, 30), 45, `${UP_TO_PORTS} payload 0/5 broken cut`],
  [
    "cut in the ports",
    packet.subarray(0, 22),
    45,
    "0 10.0.0.1 > 10.0.0.2 protocol 6 payload 2/25 broken cut",
  ],
  ["cut in the addresses", packet.subarray(0, 18), 45, "0 type 0000 payload 18/45 broken cut"],
  ["more than there is", changed({ 2: "0100" }), undefined, `${UP_TO_PORTS} payload 5/216 broken cut`],
  ["less than its own header", changed({ 2: "0008" }), undefined, `${UP_TO_PORTS} payload 5 broken`],
  [
    "a header of no length",
    changed({ 0: "41" }),
    undefined,
    "0 10.0.0.1 > 10.0.0.2 protocol 6 payload 45 broken",
  ],
  ["a header of TCP of no length", changed({ 32: "10" }), undefined, `${UP_TO_PORTS} payload 5 broken`],
  ["a header of TCP beyond the packet", changed({ 32: "f0" }), undefined, `${UP_TO_PORTS} payload 0 broken`],
  [
    "a later fragment",
    changed({ 6: "0001" }),
    undefined,
    "0 10.0.0.1 > 10.0.0.2 protocol 6 payload 25 fragment later",
  ],
  ["a first fragment", changed({ 6: "2000" }), undefined, `${UP_TO_PORTS} payload 5 fragment`],
])("IPv4: %s", (_name, frame, original, row) => {
  expect(rowsOf(frame, LINK.ipv4, original)).toEqual([row]);
});

const packet6 = ipv6("2001:db8::1", "2001:db8::2", 17, udp(1, 2, hello));
const ENDS6 = "0 2001:db8::1 1 > 2001:db8::2 2 protocol 17";

/** The packet of IPv6 with some bytes replaced, and more behind it. */
function changed6(changes: Readonly<Record<number, string>>, behind = ""): Uint8Array {
  const copy = bytes(packet6, behind);
  for (const [at, value] of Object.entries(changes)) copy.set(bytes(value), Number(at));
  return copy;
}

test.each([
  ["padding of the link is left out", changed6({}, "0000"), undefined, `${ENDS6} payload 5`],
  ["no length: the capture knows it", changed6({ 4: "0000", 44: "0000" }), undefined, `${ENDS6} payload 5`],
  [
    "nothing follows, and padding",
    changed6({ 4: "0000", 6: "3b" }),
    undefined,
    "0 2001:db8::1 > 2001:db8::2 protocol 59 payload 0",
  ],
  ["more than there is", changed6({ 4: "0100", 44: "0000" }), undefined, `${ENDS6} payload 5/248 broken cut`],
  ["cut in the addresses", packet6.subarray(0, 39), 53, "0 type 0000 payload 39/53 broken cut"],
  ["another version", changed6({ 0: "50" }), undefined, "0 type 0000 payload 53 broken"],
  [
    "cut in an extension",
    changed6({ 6: "00" }).subarray(0, 47),
    53,
    "0 2001:db8::1 > 2001:db8::2 protocol 0 payload 7/13 broken cut",
  ],
  [
    "an extension longer than the packet",
    changed6({ 6: "00", 40: "1109" }),
    undefined,
    "0 2001:db8::1 > 2001:db8::2 protocol 17 payload 0 broken",
  ],
  [
    "a later fragment that looks like options",
    changed6({ 6: "2c", 40: "3c000009" }),
    undefined,
    "0 2001:db8::1 > 2001:db8::2 protocol 60 payload 5 fragment later",
  ],
])("IPv6: %s", (_name, frame, original, row) => {
  expect(rowsOf(frame, LINK.ipv6, original)).toEqual([row]);
});

test.each([
  ["UDP of no length", 17, "0001 0002 0000 0000 68656c6c6f", "1 > 10.0.0.2 2 protocol 17 payload 5"],
  [
    "UDP shorter than its header",
    17,
    "0001 0002 0007 0000 68656c6c6f",
    "1 > 10.0.0.2 2 protocol 17 payload 5 broken",
  ],
  [
    "UDP longer than the packet",
    17,
    "0001 0002 0100 0000 68656c6c6f",
    "1 > 10.0.0.2 2 protocol 17 payload 5 broken",
  ],
  [
    "UDP shorter than the packet",
    17,
    "0001 0002 000a 0000 68656c6c6f",
    "1 > 10.0.0.2 2 protocol 17 payload 2",
  ],
  ["UDP in four bytes", 17, "0001 0002", "1 > 10.0.0.2 2 protocol 17 payload 0 broken"],
  ["UDP without ports", 17, "0001", "> 10.0.0.2 protocol 17 payload 2 broken"],
  [
    "TCP without a payload",
    6,
    "0001 0002 00000000 00000000 5000 0000 0000 0000",
    "1 > 10.0.0.2 2 protocol 6 payload 0",
  ],
  ["TCP in twelve bytes", 6, "0001 0002 00000000 00000000", "1 > 10.0.0.2 2 protocol 6 payload 0 broken"],
  ["SCTP in four bytes", 132, "0001 0002", "1 > 10.0.0.2 2 protocol 132 payload 0 broken"],
  [
    "DCCP with a short header",
    33,
    "0001 0002 02 00 0000 00000000 00000000",
    "1 > 10.0.0.2 2 protocol 33 payload 4 broken",
  ],
  ["DCCP in four bytes", 33, "0001 0002", "1 > 10.0.0.2 2 protocol 33 payload 0 broken"],
  ["ICMP in one byte", 1, "08", "> 10.0.0.2 protocol 1 payload 1 broken"],
  ["ICMP in two bytes", 1, "0800", "8 > 10.0.0.2 0 protocol 1 payload 0 broken"],
  ["AH in four bytes", 51, "11 04 0000", "> 10.0.0.2 protocol 51 payload 4 broken"],
  [
    "AH longer than the packet",
    51,
    "11 ff 0000 00000000 00000000",
    "> 10.0.0.2 protocol 51 payload 12 broken",
  ],
  ["GRE of a version nobody knows", 47, "0002 0800 00000000", "> 10.0.0.2 protocol 47 payload 8 broken"],
  ["GRE in two bytes", 47, "0000", "> 10.0.0.2 protocol 47 payload 2 broken"],
  ["GRE that is cut in its fields", 47, "b000 0800 0000", "> 10.0.0.2 protocol 47 payload 6 broken"],
  ["ERSPAN III that is cut", 47, "1000 22eb 00000001 2001", "> 10.0.0.2 protocol 47 payload 10 broken"],
  ["EtherIP in one byte", 97, "30", "> 10.0.0.2 protocol 97 payload 1 broken"],
])("broken: %s", (_name, protocol, payload, row) => {
  const frame = ethernet(0x0800, ipv4("10.0.0.1", "10.0.0.2", protocol, bytes(payload)));
  expect(rowsOf(frame)).toEqual([`0 10.0.0.1 ${row}`]);
});

test("a packet within another that looks wrong is none", () => {
  const wrong = changed({ 0: "41" });
  expect(rowsOf(ipv4("10.0.0.1", "10.0.0.2", 4, wrong), LINK.raw)).toEqual([
    "0 10.0.0.1 > 10.0.0.2 protocol 4 payload 45",
  ]);
});

test("a decoder that is used again has room for more, and says nothing of what it read before", () => {
  const decoder = openDecoder();
  const many = Array.from({ length: 3000 }, () => packet6);
  const rows = describeRows(decoder.decode(packetsOf(LINK.raw, many)));
  expect([rows.length, new Set(rows)]).toEqual([3000, new Set([`${ENDS6} payload 5`])]);
  const arp = ethernet(0x0806, bytes("00".repeat(28)));
  const layers = decoder.decode(packetsOf(LINK.ethernet, [ethernet(0x0800, packet), arp]));
  expect(describeRows(layers)).toEqual([`${UP_TO_PORTS} payload 5`, "0 type 0806 payload 28"]);
  expect(Array.from(layers.source.subarray(0, 8))).toEqual([0, 0, 0, 0x0a000001, 0, 0, 0, 0]);
  expect(Array.from(layers.packet.subarray(0, 2))).toEqual([0, 1]);
});

test("a tunnel in a first fragment says more than the fragment has, which is no contradiction", () => {
  const inner = ipv4("192.0.2.1", "192.0.2.2", 17, udp(1, 2, new Uint8Array(100)));
  const whole = udp(1, 4789, bytes("08000000 00006400", ethernet(0x0800, inner)));
  const fragment = ipv4("10.0.0.1", "10.0.0.2", 17, whole.subarray(0, 80));
  fragment[6] = 0x20;
  expect(rowsOf(fragment, LINK.ipv4)).toEqual([
    "0 10.0.0.1 1 > 10.0.0.2 4789 protocol 17 payload 72 fragment tunnel",
    "1 192.0.2.1 1 > 192.0.2.2 2 protocol 17 payload 22/100 cut",
  ]);
});

const hexOf = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const IN_PACKET = hexOf(packet);
const IN_FRAME = hexOf(ethernet(0x0800, packet));

test.each([
  ["VXLAN", 4789, `08000000 00006400 ${"ff".repeat(60)}`],
  ["GTP-U", 2152, `30ff 0021 00000001 ${"ff".repeat(60)}`],
  ["Teredo", 3544, `60000000 ${"ff".repeat(60)}`],
  ["L2TP", 1701, `0002 0001 0002 ff03 0021 ${"ff".repeat(60)}`],
  ["Teredo that is too short", 3544, "6000000000ff"],
  ["VXLAN without a network", 4789, `00000000 00006400 ${IN_FRAME}`],
  ["GENEVE of another version", 6081, `4000 6558 00006400 ${IN_FRAME}`],
  ["GTP-U that is no packet of a user", 2152, `3001 0021 00000001 ${IN_PACKET}`],
  ["GTP-U of another version", 2152, `50ff 0021 00000001 ${IN_PACKET}`],
  ["GTP-U with an extension of no length", 2152, `34ff 0021 00000001 000000 85 00 ${IN_PACKET}`],
  [
    "GTP, version 0, that is no packet of a user",
    3386,
    `1e01 0021 0000 0001 ffffffff 4200012143658709 ${IN_PACKET}`,
  ],
  ["AYIYA that forwards nothing", 5072, `41 52 10 29 00000000 ${"00".repeat(36)} ${IN_PACKET}`],
  ["L2TP of control", 1701, `c002 0020 0001 0002 ff03 0021 ${IN_PACKET}`],
  ["L2TP of another version", 1701, `4003 0020 0001 0002 ff03 0021 ${IN_PACKET}`],
  ["IPv6 that is from no Teredo address", 40000, hexOf(ipv6("2001:db8::1", "2001:db8::2", 59, bytes()))],
  ["VXLAN in a few bytes", 4789, "08000000"],
])("a wrong guess of %s leaves the row around it", (_name, port, header) => {
  const payload = bytes(header);
  const frame = ethernet(0x0800, ipv4("10.0.0.1", "10.0.0.2", 17, udp(1, port, payload)));
  expect(rowsOf(frame)).toEqual([`0 10.0.0.1 1 > 10.0.0.2 ${port} protocol 17 payload ${payload.length}`]);
});

test("tunnels are followed eight deep, and what is deeper is counted", () => {
  let frame = ipv4("10.0.0.1", "10.0.0.2", 6, tcp(1, 2, hello));
  for (let depth = 0; depth < 10; depth++) frame = ipv4("10.0.0.1", "10.0.0.2", 4, frame);
  const decoder = openDecoder();
  expect(describeRows(decoder.decode(packetsOf(LINK.raw, [frame])))).toHaveLength(9);
  expect(describeLeftOut(decoder.leftOut)).toEqual(["1 tunnels lie in too many others to be followed"]);
});

test.each([
  ["labels of MPLS", ethernet(0x8847, bytes("00010040".repeat(5000)))],
  ["VLANs", ethernet(0x8100, bytes("00018100".repeat(5000)))],
  ["frames in frames", bytes(...Array.from({ length: 5000 }, () => ethernet(0x6558, bytes())))],
])("an endless chain of %s ends", (_name, frame) => {
  expect(rowsOf(frame)).toHaveLength(1);
});

test("an endless chain of extension headers ends", () => {
  const frame = ipv6("2001:db8::1", "2001:db8::2", 60, bytes("3c00 0000 00000000".repeat(100)));
  expect(rowsOf(frame, LINK.raw)).toEqual(["0 2001:db8::1 > 2001:db8::2 protocol 60 payload 672 broken"]);
});
