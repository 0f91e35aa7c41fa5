import { expect, test } from "vitest";
import { AuthorError } from "../../../core/author-error.ts";
import { openDecoder } from "../../decode/decode.ts";
import { LINK } from "../../decode/link-types.ts";
import { bytes, ethernet, ipv4, ipv6, packetsOf, tcp, udp, vlan } from "../../testing/build.ts";
import { selectPackets } from "../filter.ts";
import { parseTcpdumpFilter } from "./parser.ts";
import { compileTcpdumpFilter } from "./tcpdump-filter.ts";

test.each([
  ["host", "An address is missing behind host.", 4],
  ["host example.org", "Names are not looked up: write the address of example.org.", 5],
  ["host 1.2.3.999", "1.2.3.999 is no address: 999 is above 255.", 5],
  ["host 10.0.0.0/8", "A host has no prefix: write net.", 14],
  ["net 10.0.0.1/8", "10.0.0.1 has bits behind the prefix: clear them, or make the prefix longer.", 4],
  ["net 10.0.0.0/33", "A prefix is a number from 0 to 32.", 13],
  ["net 10.0.0.0 mask 8", "A mask is written like an address: 255.255.0.0.", 18],
  ["tcp host 10.0.0.1", "tcp has no addresses: write tcp and host 10.0.0.1.", 9],
  ["ip host ::1", "An IPv6 address belongs to ip6, not to ip.", 8],
  ["ip6 host 10.0.0.1", "An IPv4 address belongs to ip, arp or rarp, not to ip6.", 9],
  ["ether host 10.0.0.1", "ether host needs a hardware address such as 00:11:22:33:44:55.", 11],
  ["ip host 00:11:22:33:44:55", "A hardware address belongs to ether, not to ip.", 8],
  ["port 70000", "70000 is no port: ports are numbers up to 65535, or names such as http.", 5],
  ["port web", "web is no port: ports are numbers up to 65535, or names such as http.", 5],
  ["port 1-2", "Write portrange for several ports.", 5],
  ["portrange 80", "A range of ports is written as 6000-6008.", 10],
  ["icmp port 80", "icmp has no ports: tcp, udp and sctp have.", 10],
  ["ip proto foo", "foo is no protocol: write its number or name, such as \\tcp.", 9],
  ["src proto 6", "A protocol has no direction: leave src and dst out.", 10],
  ["tcp proto 6", "proto stands behind ip, ip6 or ether, not behind tcp.", 10],
  ["tcp and", "The filter ends where a condition should follow.", 7],
  ["(tcp", "A ) is missing here.", 4],
  ["tcp)", "This ) closes nothing: remove it or add a ( before.", 3],
  ["tcp or 80", "What is 80? Write host, net, port or proto before it.", 7],
  ["tcp[13", "A ] is missing here.", 6],
  ["tcp[13:3] = 1", "1, 2 or 4 bytes can be read at once.", 7],
  ["tcp[13] &", "Expected a number, len, or bytes such as tcp[13] or ip[2:2].", 9],
  ["tcp[13] and udp", "A comparison is missing here: = != < <= > or >=.", 8],
  ["len / 0 = 1", "Nothing can be divided by 0.", 4],
  ["len << 32 = 1", "Numbers have 32 bits: shift by 31 at most.", 4],
  ["less x", "A number is missing here.", 5],
  ["ip broadcast", "The networks of a capture are not known: write dst host and the address.", 0],
  ["tcp multicast", "tcp has no multicast: ether, ip and ip6 have.", 0],
  ["ether", "ether alone says nothing: write ether host or ether proto.", 0],
  [
    "gateway 10.0.0.1",
    "gateway is not read here. Names are not looked up: write the hardware address with ether host.",
    0,
  ],
  [
    "example",
    "example is no word of a filter. Conditions are such as host 192.0.2.1, port 80, tcp or vlan 5, joined by and, or, not.",
    0,
  ],
  ["tcp, udp", ", means nothing in a filter.", 3],
  ["port 80 €", "€ means nothing in a filter.", 8],
  ["0x1ffffffff = len", "0x1ffffffff needs more than 32 bits.", 0],
])("%s: %s", (text, message, place) => {
  const error = mistakeOf(text);
  expect([error?.message, error?.span?.start]).toEqual([message, place]);
});

test.each([
  ["(".repeat(5000)],
  ["not ".repeat(2000)],
  [`${"tcp and ".repeat(1200)}tcp`],
  [`len ${"+ 1 ".repeat(2000)}= 1`],
  [`${"-".repeat(5000)}len = 1`],
  ["tcp[".repeat(2000)],
  [`port ${"(".repeat(4000)}`],
  ["a".repeat(20_000)],
])("a filter made to be long to read is refused", (text) => {
  expect(mistakeOf(text)).toBeInstanceOf(AuthorError);
});

function mistakeOf(text: string): AuthorError | undefined {
  try {
    parseTcpdumpFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof AuthorError) return error;
    throw error;
  }
}

const hello = bytes("68656c6c6f");
const http = ethernet(0x0800, ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1000, 80, hello)));
const dns = ethernet(0x0800, ipv4("192.0.2.1", "192.0.2.53", 17, udp(1000, 53, hello)));
const https6 = ethernet(0x86dd, ipv6("2001:db8::1", "2001:db8::2", 6, tcp(1000, 443, hello)));
const tagged = ethernet(0x8100, vlan(5, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1000, 80, hello))));
const tunnelled = ethernet(
  0x0800,
  ipv4("10.0.0.1", "10.0.0.2", 17, udp(5, 4789, bytes("0800000000000100", http))),
);
const session = ethernet(
  0x8864,
  bytes("1100 0007 002f 0021", ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1, 80, hello))),
);
const labelled = ethernet(0x8847, bytes("00010140", ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1, 80, hello))));

/** 0 http, 1 dns, 2 https6, 3 tagged, 4 tunnelled, 5 session, 6 labelled */
const FRAMES = [http, dns, https6, tagged, tunnelled, session, labelled];

test.each([
  ["", [0, 1, 2, 3, 4, 5, 6]],
  ["tcp", [0, 2]],
  ["port 80 or 443", [0, 2]],
  ["port http or domain", [0, 1]],
  ["tcp or udp and port 53", [1]],
  ["tcp or (udp and port 53)", [0, 1, 2]],
  ["not port 80 and not port 53", [2, 3, 4, 5, 6]],
  ["net 192.0.2.0/24", [0, 1]],
  ["dst host 192.0.2.2 or 192.0.2.53", [0, 1]],
  ["src 2001:db8::1", [2]],
  ["ip6 net 2001:db8::/32", [2]],
  ["vlan and port 80", [3]],
  ["vlan 5", [3]],
  ["vlan 6", []],
  ["vlan or tcp", [3]],
  ["udp port 4789", [4]],
  ["port 80 and host 10.0.0.1", []],
  ["pppoes 7 and tcp port 80", [5]],
  ["pppoes 8", []],
  ["mpls 16 and host 192.0.2.2", [6]],
  ["tcp[0:2] = 1000", [0]],
  ["ether[0] = 0 and ip[9] = 17", [1, 4]],
  ["port 79-81", undefined],
  ["portrange 79-81", [0]],
  ["greater 100", [4]],
  ["5-3 = 2 and arp", []],
] satisfies readonly (readonly [string, readonly number[] | undefined])[])(
  "%s passes %j",
  (text, expected) => {
    const packets = packetsOf(LINK.ethernet, FRAMES);
    const layers = openDecoder().decode(packets);
    if (expected === undefined) expect(() => compileTcpdumpFilter(text)).toThrow(AuthorError);
    else expect(selectPackets({ packets, layers }, compileTcpdumpFilter(text))).toEqual(expected);
  },
);

test("a packet that was cut before what a filter reads does not pass, nor with NOT", () => {
  const packets = packetsOf(LINK.ethernet, [http.subarray(0, 30)]);
  const layers = openDecoder().decode(packets);
  for (const text of ["tcp port 80", "not tcp port 80", "tcp[0] = 1 or ip"])
    expect(selectPackets({ packets, layers }, compileTcpdumpFilter(text))).toEqual([]);
  expect(selectPackets({ packets, layers }, compileTcpdumpFilter("ip or tcp[0] = 1"))).toEqual([0]);
});

test("conditions that a link cannot answer match nothing of it", () => {
  const packets = packetsOf(LINK.raw, [ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1, 80, hello))]);
  const layers = openDecoder().decode(packets);
  const passes = (text: string): readonly number[] =>
    selectPackets({ packets, layers }, compileTcpdumpFilter(text));
  expect(
    ["vlan", "broadcast", "ether host 00:00:00:00:00:00", "inbound", "mpls", "pppoes"].flatMap(passes),
  ).toEqual([]);
  expect(passes("vlan or tcp")).toEqual([0]);
});

test("links whose headers have several forms are read by their layers", () => {
  const cooked = bytes(
    "0000 0001 0006 00005e005301 0000 0800",
    ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1, 80, hello)),
  );
  const samples: readonly [number, Uint8Array][] = [
    [LINK.null, bytes("1e000000", ipv6("2001:db8::1", "2001:db8::2", 6, tcp(1, 80, hello)))],
    [LINK.ppp, bytes("0021", ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1, 80, hello)))],
    [LINK.linuxCooked, cooked],
  ];
  for (const [linkType, frame] of samples) {
    const packets = packetsOf(linkType, [frame]);
    const layers = openDecoder().decode(packets);
    const filter = compileTcpdumpFilter("tcp dst port 80 and not udp");
    expect(selectPackets({ packets, layers }, filter)).toEqual([0]);
  }
});
