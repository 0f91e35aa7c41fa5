import { LINK } from "../decode/link-types.ts";
import { bytes, ethernet, ipv4, ipv6, udp, vlan } from "./build.ts";
import { frame, inner, inner6, MAC, ROW, ROW6, type Sample } from "./sample.ts";

/** What may be between a frame and its addresses, and what may be within them. */
export const TUNNEL_SAMPLES: readonly Sample[] = [
  { name: "VLAN", frame: ethernet(0x8100, vlan(10, 0x0800, inner)), rows: [`0 ${ROW} vlan 10`] },
  {
    name: "three VLANs",
    frame: ethernet(0x88a8, vlan(1, 0x9100, vlan(2, 0x8100, vlan(3, 0x86dd, inner6)))),
    rows: [`0 ${ROW6} vlan 3 in 2`],
  },
  { name: "MPLS", frame: ethernet(0x8847, bytes("00010040 00020140", inner)), rows: [`0 ${ROW}`] },
  { name: "pseudowire", frame: ethernet(0x8847, bytes("00010140", frame)), rows: [`0 ${ROW}`] },
  {
    name: "pseudowire with a control word",
    frame: ethernet(0x8847, bytes("00010140 00000000", frame)),
    rows: [`0 ${ROW}`],
  },
  {
    name: "PPP over Ethernet",
    frame: ethernet(0x8864, bytes("1100 0007 0023 0021", inner, "0000")),
    rows: [`0 ${ROW}`],
  },
  { name: "provider backbone", frame: ethernet(0x88e7, bytes("00000001", frame)), rows: [`0 ${ROW}`] },
  {
    name: "ARP",
    frame: ethernet(0x0806, bytes("0001 0800 06 04 0001", MAC, "00000000 00000000")),
    rows: ["0 type 0806 payload 28"],
  },
  { name: "VN-Tag", frame: ethernet(0x8926, bytes("00010002 0800", inner)), rows: [`0 ${ROW}`] },
  {
    name: "tag of 802.1BR",
    frame: ethernet(0x893f, bytes("000000010000 86dd", inner6)),
    rows: [`0 ${ROW6}`],
  },
  { name: "FabricPath", frame: ethernet(0x8903, bytes("0060", frame, "00000000")), rows: [`0 ${ROW}`] },
  {
    name: "IEEE 802.2 in a long frame",
    frame: ethernet(0x8870, bytes("aaaa03 000000 0800", inner)),
    rows: [`0 ${ROW}`],
  },
  { name: "MPLS with IPv6", frame: ethernet(0x8847, bytes("00010140", inner6)), rows: [`0 ${ROW6}`] },
  {
    name: "PPP over Ethernet with MPLS",
    frame: ethernet(0x8864, bytes("1100 0007 0027 0281 00010140", inner)),
    rows: [`0 ${ROW}`],
  },
  { name: "IP in IP", frame: within(4, inner), rows: tunnel(4, 33, `1 ${ROW}`) },
  { name: "6in4", frame: within(41, inner6), rows: tunnel(41, 65, `1 ${ROW6}`) },
  {
    name: "4in6",
    frame: ethernet(0x86dd, ipv6("2001:db8::8", "2001:db8::9", 4, inner)),
    rows: ["0 2001:db8::8 > 2001:db8::9 protocol 4 payload 33 tunnel", `1 ${ROW}`],
  },
  { name: "GRE", frame: within(47, bytes("0000 0800", inner)), rows: tunnel(47, 37, `1 ${ROW}`) },
  {
    name: "GRE with everything",
    frame: within(47, bytes("b000 86dd 00000000 00000001 00000002", inner6)),
    rows: tunnel(47, 81, `1 ${ROW6}`),
  },
  {
    name: "GRE with a route",
    frame: within(47, bytes("4000 0800 00000000 0800 0004 0a000001 00000000", inner)),
    rows: tunnel(47, 53, `1 ${ROW}`),
  },
  { name: "NVGRE", frame: within(47, bytes("2000 6558 00000100", frame)), rows: tunnel(47, 55, `1 ${ROW}`) },
  {
    name: "PPTP",
    frame: within(47, bytes("3081 880b 0025 0001 00000001 00000002 ff03 0021", inner)),
    rows: tunnel(47, 53, `1 ${ROW}`),
  },
  { name: "ERSPAN I", frame: within(47, bytes("0000 88be", frame)), rows: tunnel(47, 51, `1 ${ROW}`) },
  {
    name: "ERSPAN II",
    frame: within(47, bytes("1000 88be 00000001 1001 0001 00000000", frame)),
    rows: tunnel(47, 63, `1 ${ROW}`),
  },
  {
    name: "ERSPAN III",
    frame: within(47, bytes("1000 22eb 00000001 2001 0001 00000000 0000 0001 00000000 00000000", frame)),
    rows: tunnel(47, 75, `1 ${ROW}`),
  },
  {
    name: "MPLS in GRE",
    frame: within(47, bytes("0000 8847 00010140", inner)),
    rows: tunnel(47, 41, `1 ${ROW}`),
  },
  { name: "EtherIP", frame: within(97, bytes("3000", frame)), rows: tunnel(97, 49, `1 ${ROW}`) },
  { name: "Ethernet in IP", frame: within(143, frame), rows: tunnel(143, 47, `1 ${ROW}`) },
  { name: "MPLS in IP", frame: within(137, bytes("00010140", inner)), rows: tunnel(137, 37, `1 ${ROW}`) },
  {
    name: "VXLAN with a VLAN within",
    frame: inUdp(4789, bytes("08000000 00006400", ethernet(0x8100, vlan(5, 0x0800, inner)))),
    rows: udpTunnel(4789, 59, `1 ${ROW} vlan 5`),
  },
  {
    name: "VXLAN at Linux's port",
    frame: inUdp(8472, bytes("08000000 00006400", frame)),
    rows: udpTunnel(8472, 55, `1 ${ROW}`),
  },
  {
    name: "VXLAN of several protocols",
    frame: inUdp(4790, bytes("0c000002 00006400", inner6)),
    rows: udpTunnel(4790, 73, `1 ${ROW6}`),
  },
  {
    name: "VXLAN of several protocols, IPv4",
    frame: inUdp(4790, bytes("0c000001 00006400", inner)),
    rows: udpTunnel(4790, 41, `1 ${ROW}`),
  },
  {
    name: "VXLAN of several protocols, frame",
    frame: inUdp(4790, bytes("0c000003 00006400", frame)),
    rows: udpTunnel(4790, 55, `1 ${ROW}`),
  },
  {
    name: "GTP, version 0",
    frame: inUdp(3386, bytes("1eff 0021 0000 0001 ffffffff 4200012143658709", inner)),
    rows: udpTunnel(3386, 53, `1 ${ROW}`),
  },
  {
    name: "Teredo by its form, to a Teredo address",
    frame: inUdp(40000, ipv6("2001:db8::2", "2001:0:1:2:3:4:5:6", 59, bytes())),
    rows: udpTunnel(40000, 40, "1 2001:db8::2 > 2001:0:1:2:3:4:5:6 protocol 59 payload 0"),
  },
  {
    name: "Teredo with an identifier and a value",
    frame: inUdp(3544, bytes("0001 0203 6162 636465 0000000000000000 00", inner6)),
    rows: udpTunnel(3544, 83, `1 ${ROW6}`),
  },
  {
    name: "ARP in VXLAN",
    frame: inUdp(
      4789,
      bytes("08000000 00006400", ethernet(0x0806, bytes("0001 0800 06 04 0001", MAC, "00000000 00000000"))),
    ),
    rows: udpTunnel(4789, 50, "1 type 0806 payload 28"),
  },
  {
    name: "GENEVE with an option",
    frame: inUdp(6081, bytes("0200 6558 00006400 0102 80 01 00000000", frame)),
    rows: udpTunnel(6081, 63, `1 ${ROW}`),
  },
  {
    name: "GENEVE with IPv6",
    frame: inUdp(6081, bytes("0000 86dd 00006400", inner6)),
    rows: udpTunnel(6081, 73, `1 ${ROW6}`),
  },
  {
    name: "GTP-U",
    frame: inUdp(2152, bytes("30ff 0021 00000001", inner)),
    rows: udpTunnel(2152, 41, `1 ${ROW}`),
  },
  {
    name: "GTP-U with extension headers",
    frame: inUdp(2152, bytes("34ff 002d 00000001 0000 00 85 01 1000 c0 01 0005 00", inner)),
    rows: udpTunnel(2152, 53, `1 ${ROW}`),
  },
  { name: "Teredo", frame: inUdp(3544, inner6), rows: udpTunnel(3544, 65, `1 ${ROW6}`) },
  {
    name: "Teredo with authentication and origin",
    frame: inUdp(3544, bytes("0001 0000 0000000000000000 00", "0000 f227 bffefdfe", inner6)),
    rows: udpTunnel(3544, 86, `1 ${ROW6}`),
  },
  {
    name: "Teredo by its form",
    frame: inUdp(40000, ipv6("2001:0:1:2:3:4:5:6", "2001:db8::2", 59, bytes())),
    rows: udpTunnel(40000, 40, "1 2001:0:1:2:3:4:5:6 > 2001:db8::2 protocol 59 payload 0"),
  },
  {
    name: "AYIYA",
    frame: inUdp(5072, bytes("41 52 11 29 00000000", new Uint8Array(16), new Uint8Array(20), inner6)),
    rows: udpTunnel(5072, 109, `1 ${ROW6}`),
  },
  {
    name: "L2TP",
    frame: inUdp(1701, bytes("4002 002b 0001 0002 ff03 0021", inner)),
    rows: udpTunnel(1701, 45, `1 ${ROW}`),
  },
  {
    name: "L2TP with everything",
    frame: inUdp(1701, bytes("4a02 0035 0001 0002 0003 0004 0002 0000 ff03 0021", inner)),
    rows: udpTunnel(1701, 53, `1 ${ROW}`),
  },
  {
    name: "MPLS in UDP",
    frame: inUdp(6635, bytes("00010140", inner)),
    rows: udpTunnel(6635, 37, `1 ${ROW}`),
  },
  {
    name: "GRE in UDP",
    frame: inUdp(4754, bytes("0000 0800", inner)),
    rows: udpTunnel(4754, 37, `1 ${ROW}`),
  },
  {
    name: "IPv6 in GRE in VXLAN",
    frame: inUdp(4789, bytes("08000000 00006400", within(47, bytes("0000 86dd", inner6)))),
    rows: udpTunnel(4789, 111, "1 10.0.0.1 > 10.0.0.2 protocol 47 payload 69 tunnel", `2 ${ROW6}`),
  },
].map((sample) => ({ ...sample, linkType: LINK.ethernet }));

/** In UDP from 10.0.0.1 to 10.0.0.2. */
function inUdp(port: number, payload: Uint8Array): Uint8Array {
  return ethernet(0x0800, ipv4("10.0.0.1", "10.0.0.2", 17, udp(5555, port, payload)));
}

/** In an IP protocol from 10.0.0.1 to 10.0.0.2. */
function within(protocol: number, payload: Uint8Array): Uint8Array {
  return ethernet(0x0800, ipv4("10.0.0.1", "10.0.0.2", protocol, payload));
}

function udpTunnel(port: number, length: number, ...rest: readonly string[]): readonly string[] {
  return [`0 10.0.0.1 5555 > 10.0.0.2 ${port} protocol 17 payload ${length} tunnel`, ...rest];
}

function tunnel(protocol: number, length: number, ...rest: readonly string[]): readonly string[] {
  return [`0 10.0.0.1 > 10.0.0.2 protocol ${protocol} payload ${length} tunnel`, ...rest];
}
