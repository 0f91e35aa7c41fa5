/** Up to here the type of a frame of Ethernet is the length of what follows, as IEEE 802.3 has it. */
export const LARGEST_ETHERNET_LENGTH = 1500;

/** IP protocols by number (https://www.iana.org/assignments/protocol-numbers), those that are seen. */
export const IP_PROTOCOLS = {
  0: "IPv6 hop-by-hop options",
  1: "ICMP",
  2: "IGMP",
  4: "IPv4",
  6: "TCP",
  17: "UDP",
  33: "DCCP",
  41: "IPv6",
  43: "IPv6 routing",
  44: "IPv6 fragment",
  46: "RSVP",
  47: "GRE",
  50: "ESP",
  51: "AH",
  58: "ICMPv6",
  59: "nothing",
  60: "IPv6 destination options",
  88: "EIGRP",
  89: "OSPF",
  97: "EtherIP",
  103: "PIM",
  112: "VRRP",
  115: "L2TP",
  132: "SCTP",
  135: "Mobility",
  136: "UDP-Lite",
};
