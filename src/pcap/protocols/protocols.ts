/** The protocols that are read, in the order in which it is asked whose bytes they are. */
import { dnsDatagrams, dnsStream } from "./dns/dns.ts";
import type { DatagramProtocol, StreamProtocol } from "./protocol.ts";

export const STREAM_PROTOCOLS: readonly StreamProtocol[] = [dnsStream];
export const DATAGRAM_PROTOCOLS: readonly DatagramProtocol[] = [dnsDatagrams];
