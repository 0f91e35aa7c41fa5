/**
 * What sensors, other products and common schemas call the fields that Metron names in its own way, so that an analyst
 * who writes the name at hand is led to ours. Zeek: base/protocols/conn; Suricata: EVE JSON; ECS 8; OCSF 1; FortiOS.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  ip_src_addr: [
    "id.orig_h",
    "src_ip",
    "srcip",
    "src",
    "source.ip",
    "source.address",
    "src_endpoint.ip",
    "sourceAddress",
    "client_ip",
    "saddr",
  ],
  ip_dst_addr: [
    "id.resp_h",
    "dest_ip",
    "dst_ip",
    "dstip",
    "dst",
    "dest",
    "destination.ip",
    "destination.address",
    "dst_endpoint.ip",
    "destinationAddress",
    "server_ip",
    "daddr",
  ],
  ip_src_port: ["id.orig_p", "src_port", "srcport", "spt", "source.port", "src_endpoint.port", "sport"],
  ip_dst_port: [
    "id.resp_p",
    "dest_port",
    "dst_port",
    "dstport",
    "dpt",
    "destination.port",
    "dst_endpoint.port",
    "dport",
    "port",
  ],
  protocol: ["proto", "network.transport", "network.protocol", "ip_proto"],
  timestamp: ["ts", "time", "@timestamp", "_time", "event.created"],
  "source.type": ["sensor", "sourcetype", "index", "_index", "event.module", "event.dataset"],
  original_string: ["raw", "_raw", "message", "event.original"],
  "threat.triage.score": ["score", "severity", "risk_score", "event.risk_score"],
  guid: ["id", "_id", "event.id", "uuid"],
};

const ours = new Map(
  Object.entries(OTHER_NAMES).flatMap(([name, others]) => others.map((other) => [other.toLowerCase(), name])),
);

/** The field that is called so elsewhere, if any. */
export function nameHere(written: string): string | undefined {
  return ours.get(written.toLowerCase());
}
