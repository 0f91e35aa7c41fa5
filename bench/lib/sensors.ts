import { stringify } from "yaml";
import type { Shape } from "./telemetry.ts";

/** Ten rules of the kinds analysts write, each true for few messages. */
export const RULES = [
  "ip_src_port > 60000 and ip_dst_port == 443",
  "IN_SUBNET(ip_src_addr, '10.10.2.0/25')",
  "orig_bytes + resp_bytes > 100000",
  "duration > 5",
  "service == 'dns' and ip_dst_port == 53",
  "conn_state in ['S0', 'REJ', 'RSTO']",
  "LENGTH(history) > 10 or ENDS_WITH(uid, 'zz')",
  "exists(threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip)",
  "STARTS_WITH(uid, 'CAb') or resp_pkts > 5000",
  "ip_dst_port == 22 and orig_bytes > 10000",
];

/** For the firewall, whose messages have fewer fields. */
const ASA_RULES = [
  "ip_src_port > 60000 and ip_dst_port == 443",
  "IN_SUBNET(ip_src_addr, '10.10.2.0/25')",
  "ip_dst_port == 22",
  "ciscotag == 'ASA-6-302016'",
  "action == 'deny'",
  "protocol == 'udp' and ip_dst_port == 53",
  "syslog_severity in ['emerg', 'alert', 'crit']",
  "exists(threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip)",
  "ENDS_WITH(syslog_host, '.9')",
  "LENGTH(ip_dst_addr) < 9",
];

/** The sensor of a benchmark: geography and AS of two addresses, host, four fields matched, ten rules on every message. */
export function sensorDocument(shape: Shape): string {
  const isAsa = shape === "asa";
  const matched = isAsa
    ? ["ip_src_addr", "ip_dst_addr", "syslog_host", "ciscotag"]
    : ["ip_src_addr", "ip_dst_addr", "uid", "community_id"];
  return stringify({
    sensor: shape,
    parser: isAsa ? { asa: {} } : { bro: {} },
    enrichments: {
      geo: ["ip_src_addr", "ip_dst_addr"],
      asn: ["ip_src_addr", "ip_dst_addr"],
      host: ["ip_src_addr", "ip_dst_addr"],
    },
    threatIntel: { malicious_ip: matched, stellar: { is_alert: "true" } },
    triage: {
      aggregator: "MAX",
      rules: (isAsa ? ASA_RULES : RULES).map((rule, index) => ({
        name: `rule ${index}`,
        rule,
        score: 10 + index,
      })),
    },
  });
}

/** Known hosts: the company's network of the telemetry. */
export function knownHosts(): { ip: string; local: string; type: string; asset_value: string }[] {
  return Array.from({ length: 1000 }, (_, index) => ({
    ip: `10.10.${index >> 8}.${index & 255}`,
    local: "YES",
    type: index % 9 === 0 ? "server" : "workstation",
    asset_value: index % 50 === 0 ? "critical" : "normal",
  }));
}
