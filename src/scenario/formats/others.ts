import type { Flow } from "../flow.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number): string => String(value).padStart(2, "0");

/** `Nov 21 23:05:09`, the time of RFC 3164, in UTC. */
function syslogTime(time: number): string {
  const date = new Date(time);
  const day = String(date.getUTCDate()).padStart(2, " ");
  return `${MONTHS[date.getUTCMonth()]} ${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** Suricata EVE: an alert. `severity` is 1 (worst) to 3. */
export function suricataAlert(
  flow: Flow,
  alert: { id: number; signature: string; category: string; severity: number },
): string {
  return JSON.stringify({
    timestamp: `${new Date(flow.time).toISOString().slice(0, -1)}000+0000`,
    flow_id: Number.parseInt(flow.uid.slice(1, 9), 36) % 2_000_000_000_000_000,
    in_iface: "eth1",
    event_type: "alert",
    src_ip: flow.source,
    src_port: flow.sourcePort,
    dest_ip: flow.target,
    dest_port: flow.targetPort,
    proto: flow.protocol.toUpperCase(),
    alert: {
      action: "allowed",
      gid: 1,
      signature_id: alert.id,
      rev: 3,
      signature: alert.signature,
      category: alert.category,
      severity: alert.severity,
    },
    app_proto: flow.service ?? "failed",
    flow: { pkts_toserver: 4, pkts_toclient: 3, bytes_toserver: flow.sent, bytes_toclient: flow.received },
  });
}

/** Suricata EVE: the end of a flow. */
export function suricataFlow(flow: Flow): string {
  return JSON.stringify({
    timestamp: `${new Date(flow.time).toISOString().slice(0, -1)}000+0000`,
    event_type: "flow",
    src_ip: flow.source,
    src_port: flow.sourcePort,
    dest_ip: flow.target,
    dest_port: flow.targetPort,
    proto: flow.protocol.toUpperCase(),
    app_proto: flow.service ?? "failed",
    flow: {
      bytes_toserver: flow.sent,
      bytes_toclient: flow.received,
      age: Math.ceil(flow.duration),
      state: "closed",
      reason: "timeout",
      alerted: false,
    },
  });
}

/** Snort's CSV alert: 27 columns. */
export function snort(flow: Flow, rule: { id: number; message: string }): string {
  const date = new Date(flow.time);
  const stamp = `${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}/${String(date.getUTCFullYear()).slice(2)}-${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${String(date.getUTCMilliseconds()).padStart(3, "0")}000`;
  return [
    stamp,
    1,
    rule.id,
    1,
    `"${rule.message}"`,
    flow.protocol.toUpperCase(),
    flow.source,
    flow.sourcePort,
    flow.target,
    flow.targetPort,
    "02:00:5E:10:00:01",
    "02:00:5E:10:00:02",
    "0x4A",
    "***AP***",
    "0x59A7C2F1",
    "0x1F4E2A77",
    "",
    "0x1F5",
    64,
    0,
    4711,
    60,
    61440,
    "",
    "",
    "",
    "",
  ]
    .join(" ,")
    .replaceAll(" ,", ",");
}

/** Cisco ASA: a connection through the firewall is torn down. */
export function asaTeardown(flow: Flow, firewall: string, id: number): string {
  const age = Math.floor(flow.duration);
  const duration = `${Math.floor(age / 3600)}:${two(Math.floor(age / 60) % 60)}:${two(age % 60)}`;
  const [code, word] = flow.protocol === "udp" ? [302016, "UDP"] : [302014, "TCP"];
  const reason = flow.protocol === "udp" ? "" : " TCP FINs";
  return `<166>${syslogTime(flow.time + flow.duration * 1000)} ${firewall} %ASA-6-${code}: Teardown ${word} connection ${id} for inside:${flow.source}/${flow.sourcePort} to outside:${flow.target}/${flow.targetPort} duration ${duration} bytes ${flow.sent + flow.received}${reason}`;
}

/** Cisco ASA: an access list denied a packet. */
export function asaDeny(flow: Flow, firewall: string): string {
  return `<164>${syslogTime(flow.time)} ${firewall} %ASA-4-106023: Deny ${flow.protocol} src outside:${flow.source}/${flow.sourcePort} dst inside:${flow.target}/${flow.targetPort} by access-group "outside_in" [0x0, 0x0]`;
}

/** Squid's native access log. */
export function squid(flow: Flow, method: string, url: string, status: number): string {
  const time = (flow.time / 1000).toFixed(3);
  const elapsed = String(Math.round(flow.duration * 1000)).padStart(6, " ");
  const code = method === "CONNECT" ? `TCP_TUNNEL/${status}` : `TCP_MISS/${status}`;
  return `${time} ${elapsed} ${flow.source} ${code} ${flow.received} ${method} ${url} - HIER_DIRECT/${flow.target} ${method === "CONNECT" ? "-" : "text/html"}`;
}

/** A Unix host's log line by RFC 3164. */
export function syslog(time: number, host: string, program: string, text: string, priority = 38): string {
  return `<${priority}>${syslogTime(time)} ${host} ${program}: ${text}`;
}
