/** The record of a flow, as in Zeek's conn.log. */
import type { RecordFields } from "../protocols/protocol.ts";
import type { Connection } from "./connection.ts";
import { tcpConnState } from "./tcp-side.ts";

const TRANSPORTS = new Map<number, string>([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmp"],
]);

/** @param isOngoing whether the flow goes on: a later record of the same `uid` tells all of it */
export function connFields(connection: Connection, isOngoing: boolean): RecordFields {
  const { sides, protocol, services, parents, vlan, innerVlan } = connection;
  const [origin, responder] = sides;
  const transport = TRANSPORTS.get(protocol);
  return {
    proto: transport ?? "unknown_transport",
    ip_proto: transport === undefined ? protocol : undefined,
    service: services.length > 0 ? services.join(",") : undefined,
    duration: (connection.last - connection.start) / 1e6,
    orig_bytes: origin.tcp?.length ?? origin.payload,
    resp_bytes: responder.tcp?.length ?? responder.payload,
    conn_state: connState(connection),
    missed_bytes: connection.missed,
    history: connection.history === "" ? undefined : connection.history,
    orig_pkts: origin.packets,
    orig_ip_bytes: origin.ipBytes,
    resp_pkts: responder.packets,
    resp_ip_bytes: responder.ipBytes,
    tunnel_parents: parents.length > 0 ? parents : undefined,
    vlan: vlan >= 0 ? vlan : undefined,
    inner_vlan: innerVlan >= 0 ? innerVlan : undefined,
    ongoing: isOngoing ? true : undefined,
  };
}

function connState({ sides, protocol }: Connection): string {
  const [origin, responder] = sides;
  if (origin.tcp !== undefined && responder.tcp !== undefined) return tcpConnState(origin.tcp, responder.tcp);
  if (protocol !== 17) return "OTH";
  if (origin.packets === 0) return responder.packets > 0 ? "SHR" : "OTH";
  return responder.packets > 0 ? "SF" : "S0";
}
