import type { PacketHost } from "../api/packets.ts";
import type { PlatformStatus } from "../api/status.ts";
import type { PacketStore, PacketStoreState } from "../storage/packets/contract.ts";
import type { Family } from "./exposition.ts";
import type { HostState } from "./packets/hosts/packet-hosts.ts";

const MICROSECONDS = 1e6;

/** What the status says of captured packets. */
export function packetStatus(packets: PacketStore, hosts: readonly HostState[]): PlatformStatus["packets"] {
  const { oldest, newest, days, ...state } = packets.state();
  return {
    ...state,
    oldest: oldest === undefined ? null : oldest / 1000,
    newest: newest === undefined ? null : newest / 1000,
    days: days ?? null,
    hosts: hosts.map(packetHostOf),
  };
}

/** What is told of a process that has packets. */
export function packetHostOf(state: HostState): PacketHost {
  const { name, isSelf, packets, bytes, limit, oldest, newest, days, problem } = state;
  return {
    ...{ name, isSelf, packets, bytes, limitBytes: limit },
    ...(oldest === null ? {} : { oldest: oldest / 1000 }),
    ...(newest === null ? {} : { newest: newest / 1000 }),
    ...(days === null ? {} : { daysThatFit: days }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The same for Prometheus. */
export function packetFamilies(state: PacketStoreState): Family[] {
  const one = (name: string, type: Family["type"], help: string, value: number | undefined): Family => ({
    ...{ name, type, help },
    samples: value === undefined ? [] : [{ labels: {}, value }],
  });
  const { dropped, oldest } = state;
  return [
    one("metron_packets", "gauge", "Captured packets that are stored.", state.packets),
    one("metron_packets_bytes", "gauge", "Bytes of captured packets and their indices.", state.bytes),
    one("metron_packets_limit_bytes", "gauge", "Bytes they may have.", state.limit),
    one("metron_packets_index_bytes", "gauge", "Bytes of the indices alone.", state.indexBytes),
    one(
      "metron_packets_oldest_timestamp_seconds",
      "gauge",
      "When the oldest stored packet was captured.",
      oldest === undefined ? undefined : oldest / MICROSECONDS,
    ),
    one(
      "metron_packets_dropped_total",
      "counter",
      "Packets dropped for their age, for those that came after, or for want of room.",
      dropped.packets,
    ),
    one("metron_packets_dropped_bytes_total", "counter", "Bytes of dropped packets.", dropped.bytes),
  ];
}
