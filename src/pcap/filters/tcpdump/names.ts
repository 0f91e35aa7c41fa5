/** Protocols that a filter names, by how they are found: the EtherType, or the IP protocol and in which versions of IP it is looked for. */
export type Protocol =
  | { readonly kind: "link" }
  | { readonly kind: "etherType"; readonly type: number }
  | { readonly kind: "ip"; readonly number: number; readonly version: 4 | 6 | "either" };

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const ARP = 0x0806;
export const RARP = 0x8035;

const link: Protocol = { kind: "link" };
const etherType = (type: number): Protocol => ({ kind: "etherType", type });
const ip = (number: number, version: 4 | 6 | "either"): Protocol => ({ kind: "ip", number, version });

export const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ["ether", link],
  ["link", link],
  ["fddi", link],
  ["tr", link],
  ["wlan", link],
  ["ppp", link],
  ["slip", link],
  ["ip", etherType(IPV4)],
  ["ip6", etherType(IPV6)],
  ["arp", etherType(ARP)],
  ["rarp", etherType(RARP)],
  ["decnet", etherType(0x6003)],
  ["lat", etherType(0x6004)],
  ["moprc", etherType(0x6002)],
  ["mopdl", etherType(0x6001)],
  // Service access points of IEEE 802.2 are below all types.
  ["iso", etherType(0xfe)],
  ["stp", etherType(0x42)],
  ["netbeui", etherType(0xf0)],
  ["tcp", ip(6, "either")],
  ["udp", ip(17, "either")],
  ["sctp", ip(132, "either")],
  ["icmp", ip(1, 4)],
  ["icmp6", ip(58, 6)],
  ["igmp", ip(2, 4)],
  ["igrp", ip(9, 4)],
  ["pim", ip(103, "either")],
  ["vrrp", ip(112, 4)],
  ["carp", ip(112, 4)],
  ["ah", ip(51, "either")],
  ["esp", ip(50, "either")],
]);

/** Numbers with names: where a field is, and what it may be. */
export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["tcpflags", 13],
  ["tcp-fin", 0x01],
  ["tcp-syn", 0x02],
  ["tcp-rst", 0x04],
  ["tcp-push", 0x08],
  ["tcp-ack", 0x10],
  ["tcp-urg", 0x20],
  ["tcp-ece", 0x40],
  ["tcp-cwr", 0x80],
  ["icmptype", 0],
  ["icmpcode", 1],
  ["icmp-echoreply", 0],
  ["icmp-unreach", 3],
  ["icmp-sourcequench", 4],
  ["icmp-redirect", 5],
  ["icmp-echo", 8],
  ["icmp-routeradvert", 9],
  ["icmp-routersolicit", 10],
  ["icmp-timxceed", 11],
  ["icmp-paramprob", 12],
  ["icmp-tstamp", 13],
  ["icmp-tstampreply", 14],
  ["icmp-ireq", 15],
  ["icmp-ireqreply", 16],
  ["icmp-maskreq", 17],
  ["icmp-maskreply", 18],
  ["icmp6type", 0],
  ["icmp6code", 1],
  ["icmp6-destinationunreach", 1],
  ["icmp6-packettoobig", 2],
  ["icmp6-timeexceeded", 3],
  ["icmp6-parameterproblem", 4],
  ["icmp6-echo", 128],
  ["icmp6-echoreply", 129],
  ["icmp6-multicastlistenerquery", 130],
  ["icmp6-multicastlistenerreportv1", 131],
  ["icmp6-multicastlistenerdone", 132],
  ["icmp6-routersolicit", 133],
  ["icmp6-routeradvert", 134],
  ["icmp6-neighborsolicit", 135],
  ["icmp6-neighboradvert", 136],
  ["icmp6-redirect", 137],
]);

/** Ports that are often written by name. */
export const PORTS: ReadonlyMap<string, number> = new Map([
  ["ftp-data", 20],
  ["ftp", 21],
  ["ssh", 22],
  ["telnet", 23],
  ["smtp", 25],
  ["domain", 53],
  ["bootps", 67],
  ["bootpc", 68],
  ["tftp", 69],
  ["http", 80],
  ["kerberos", 88],
  ["pop3", 110],
  ["sunrpc", 111],
  ["ntp", 123],
  ["netbios-ns", 137],
  ["netbios-dgm", 138],
  ["netbios-ssn", 139],
  ["imap2", 143],
  ["snmp", 161],
  ["snmp-trap", 162],
  ["bgp", 179],
  ["ldap", 389],
  ["https", 443],
  ["microsoft-ds", 445],
  ["syslog", 514],
  ["submission", 587],
  ["ldaps", 636],
  ["rsync", 873],
  ["imaps", 993],
  ["pop3s", 995],
  ["socks", 1080],
  ["openvpn", 1194],
  ["ms-sql-s", 1433],
  ["radius", 1812],
  ["nfs", 2049],
  ["mysql", 3306],
  ["ms-wbt-server", 3389],
  ["sip", 5060],
  ["mdns", 5353],
  ["postgresql", 5432],
  ["redis", 6379],
]);

/** What tcpdump knows besides, and is not read here, with what to write instead. */
export const UNREAD: ReadonlyMap<string, string> = new Map([
  ["gateway", "Names are not looked up: write the hardware address with ether host."],
  ["protochain", "Write ip proto or ip6 proto, or the filter by layers, which follows extension headers."],
  ["geneve", "Write udp port 6081; the filter by layers looks into tunnels."],
  ["vxlan", "Write udp port 4789; the filter by layers looks into tunnels."],
  ["ipx", "Write a condition of bytes such as ether[12:2] = 0x8137."],
  ["atalk", "Write ether proto 0x809b."],
  ["aarp", "Write ether proto 0x80f3."],
  ["type", "Write a condition of bytes such as link[0] & 0x0c = 8."],
  ["subtype", "Write a condition of bytes such as link[0] & 0xf0 = 0x80."],
  ["ifname", "Interfaces are not part of the filter."],
  ["ifindex", "Interfaces are not part of the filter."],
]);
