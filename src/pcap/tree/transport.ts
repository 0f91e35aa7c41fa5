import { etherIp, gre } from "./gre.ts";
import { icmp } from "./icmp.ts";
import { icmp6 } from "./icmp6.ts";
import { igmp } from "./igmp.ts";
import { sctp } from "./sctp.ts";
import { ah, esp } from "./security.ts";
import { ETHERNET, type Goal, IPV4, IPV6, MPLS, type Step } from "./step.ts";
import { tcp } from "./tcp.ts";
import { udp } from "./udp.ts";

/** What an IP protocol is read by; nothing for those that are not read. */
export const PROTOCOLS: ReadonlyMap<number, Goal> = new Map<number, Step | Goal>([
  [1, icmp],
  [2, igmp],
  [4, IPV4],
  [6, tcp],
  [17, udp],
  [41, IPV6],
  [47, gre],
  [50, esp],
  [51, ah],
  [58, icmp6],
  [94, IPV4],
  [97, etherIp],
  [132, sctp],
  [137, MPLS],
  [143, ETHERNET],
]);
