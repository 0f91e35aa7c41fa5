import type { Random } from "../random.ts";

/** A connection as every format tells of it. Times in epoch milliseconds, duration in seconds. */
export type Flow = {
  readonly uid: string;
  readonly time: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly target: string;
  readonly targetPort: number;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly service: string | undefined;
  readonly duration: number;
  readonly sent: number;
  readonly received: number;
  /** Zeek's conn_state. */
  readonly state: "SF" | "S0" | "REJ" | "S1" | "RSTO";
};

const HISTORY = { SF: "ShADadFf", S0: "S", REJ: "Sr", S1: "ShADad", RSTO: "ShADaR" } as const;

/** Seconds with the six decimals Zeek prints. */
const seconds = (time: number): number => Math.round(time * 1000) / 1_000_000;

function base(flow: Flow): Record<string, unknown> {
  return {
    ts: seconds(flow.time),
    uid: flow.uid,
    "id.orig_h": flow.source,
    "id.orig_p": flow.sourcePort,
    "id.resp_h": flow.target,
    "id.resp_p": flow.targetPort,
  };
}

/** Wraps a Zeek record as Metron's Zeek plug-in does: one key, the log type. */
const wrap = (type: string, record: Record<string, unknown>): string => JSON.stringify({ [type]: record });

/** conn.log */
export function conn(flow: Flow, random: Random): string {
  const packetsOut = Math.max(1, Math.ceil(flow.sent / 700));
  const packetsIn = flow.state === "S0" ? 0 : Math.max(1, Math.ceil(flow.received / 900));
  return wrap("conn", {
    ...base(flow),
    proto: flow.protocol,
    ...(flow.service === undefined ? {} : { service: flow.service }),
    duration: flow.duration,
    orig_bytes: flow.sent,
    resp_bytes: flow.received,
    conn_state: flow.state,
    local_orig: flow.source.startsWith("10."),
    local_resp: flow.target.startsWith("10."),
    missed_bytes: 0,
    history: flow.protocol === "udp" ? "Dd" : HISTORY[flow.state],
    orig_pkts: packetsOut,
    orig_ip_bytes: flow.sent + packetsOut * 40,
    resp_pkts: packetsIn,
    resp_ip_bytes: flow.received + packetsIn * 40,
    tunnel_parents: [],
    community_id: `1:${random.hex(26)}=`,
  });
}

/** dns.log */
export function dns(flow: Flow, query: string, answers: readonly string[], random: Random): string {
  return wrap("dns", {
    ...base(flow),
    proto: "udp",
    trans_id: random.int(1, 65535),
    rtt: flow.duration,
    query,
    qclass: 1,
    qclass_name: "C_INTERNET",
    qtype: 1,
    qtype_name: "A",
    rcode: answers.length === 0 ? 3 : 0,
    rcode_name: answers.length === 0 ? "NXDOMAIN" : "NOERROR",
    AA: false,
    TC: false,
    RD: true,
    RA: true,
    Z: 0,
    ...(answers.length === 0 ? {} : { answers, TTLs: answers.map(() => random.pick([60, 300, 3600])) }),
    rejected: false,
  });
}

/** http.log */
export function http(
  flow: Flow,
  request: { method: string; host: string; uri: string; agent: string; status: number; mime: string },
): string {
  return wrap("http", {
    ...base(flow),
    trans_depth: 1,
    method: request.method,
    host: request.host,
    uri: request.uri,
    version: "1.1",
    user_agent: request.agent,
    request_body_len: flow.sent,
    response_body_len: flow.received,
    status_code: request.status,
    status_msg: request.status === 200 ? "OK" : "Not Found",
    tags: [],
    resp_mime_types: [request.mime],
  });
}

/** ssl.log */
export function ssl(flow: Flow, name: string, random: Random): string {
  return wrap("ssl", {
    ...base(flow),
    version: "TLSv13",
    cipher: "TLS_AES_128_GCM_SHA256",
    curve: "x25519",
    server_name: name,
    resumed: random.chance(0.4),
    established: true,
    ssl_history: "CsiI",
  });
}

/** kerberos.log */
export function kerberos(flow: Flow, client: string, service: string, success: boolean): string {
  return wrap("kerberos", {
    ...base(flow),
    request_type: "TGS",
    client,
    service,
    success,
    ...(success ? {} : { error_msg: "KDC_ERR_S_PRINCIPAL_UNKNOWN" }),
    cipher: success ? "aes256-cts-hmac-sha1-96" : "rc4-hmac",
    forwardable: true,
    renewable: true,
  });
}

/** smb_files.log */
export function smbFile(flow: Flow, action: string, path: string, name: string, size: number): string {
  return wrap("smb_files", { ...base(flow), action, path, name, size });
}

/** files.log */
export function file(flow: Flow, mime: string, name: string, bytes: number, sha256: string): string {
  return wrap("files", {
    ts: seconds(flow.time),
    fuid: `F${flow.uid.slice(1)}`,
    tx_hosts: [flow.target],
    rx_hosts: [flow.source],
    conn_uids: [flow.uid],
    source: "HTTP",
    depth: 0,
    analyzers: ["SHA256"],
    mime_type: mime,
    filename: name,
    duration: flow.duration,
    is_orig: false,
    seen_bytes: bytes,
    total_bytes: bytes,
    missing_bytes: 0,
    overflow_bytes: 0,
    timedout: false,
    sha256,
  });
}
