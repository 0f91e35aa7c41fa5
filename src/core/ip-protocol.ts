/** IANA's names of IP protocols, as Metron spells them. */

/** By number from 0; a dot where Metron knows none, `-` for number 88, whose name it leaves empty. */
const NAMES = [
  ". ICMP IGMP GGP IP-in-IP ST TCP CBT EGP IGP BBN-RCC-MON NVP-II PUP ARGUS EMCON XNET CHAOS UDP MUX",
  "DCN-MEAS HMP PRM XNS-IDP TRUNK-1 TRUNK-2 LEAF-1 LEAF-2 RDP IRTP ISO-TP4 NETBLT MFE-NSP MERIT-INP",
  "DCCP 3PC IDPR XTP DDP IDPR-CMTP TP++ IL IPv6 SDRP IPv6-Route IPv6-Frag IDRP RSVP GRE MHRP BNA ESP AH",
  "I-NLSP SWIPE NARP MOBILE TLSP SKIP IPv6-ICMP IPv6-NoNxt IPv6-Opts . CFTP . SAT-EXPAK KRYPTOLAN RVD",
  "IPPC SAT-MON . VISA IPCU CPNX CPHB WSN PVP BR-SAT-MON SUN-ND WB-MON WB-EXPAK ISO-IP VMTP SECURE-VMTP",
  "VINES TTP NSFNET-IGP DGP TCF - OSPF Sprite-RP LARP MTP AX.25 IPIP MICP SCC-SP ETHERIP ENCAP . GMTP",
  "IFMP PNNI PIM ARIS SCPS QNX A/N IPComp SNP Compaq-Peer IPX-in-IP VRRP PGM . L2TP DDX IATP STP SRP",
  "UTI SMP SM PTP IS-IS FIRE CRTP CRUDP SSCOPMCE IPLT SPS PIPE SCTP FC RSVP-E2E-IGNORE Mobility_Header",
  "UDPLite MPLS-in-IP manet HIP Shim6 WESP ROHC",
]
  .join(" ")
  .split(" ")
  .map((name) => (name === "." ? undefined : name === "-" ? "" : name.replace("_", " ")));

/** The name of a protocol number (`TCP` of 6), or undefined. */
export function ipProtocolName(number: number): string | undefined {
  return NAMES[number];
}

/** What tools call ICMP for IPv6 besides its name. */
const ALIASES: readonly (readonly [string, number])[] = [
  ["icmpv6", 58],
  ["icmp6", 58],
];
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...NAMES.flatMap((name, number) => (name ? [[name.toLowerCase(), number] as const] : [])),
  ...ALIASES,
]);

/** The number of a protocol by its name in any case, or by the number as text; undefined when it is none. */
export function ipProtocolNumber(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : undefined;
  return NUMBERS.get(text.toLowerCase());
}
