import type { Counts, Flow } from "../flow.ts";
import type { Lookup } from "../packets/dns.ts";
import type { FtpUpload } from "../packets/ftp.ts";
import { type Exchange, reasonOf } from "../packets/http.ts";
import type { Mail } from "../packets/smtp.ts";
import type { Greeting } from "../packets/tls.ts";
import type { Random } from "../random.ts";
import { communityId } from "./community-id.ts";

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
export function conn(flow: Flow): string {
  const counts = flow.counts ?? estimate(flow);
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
    history: counts.history,
    orig_pkts: counts.packets[0],
    orig_ip_bytes: counts.ipBytes[0],
    resp_pkts: counts.packets[1],
    resp_ip_bytes: counts.ipBytes[1],
    tunnel_parents: [],
    community_id: communityId(flow),
  });
}

/** What the packets of a flow would come to. */
function estimate(flow: Flow): Pick<Counts, "history" | "packets" | "ipBytes"> {
  const sent = Math.max(1, Math.ceil(flow.sent / 700));
  const received = flow.state === "S0" ? 0 : Math.max(1, Math.ceil(flow.received / 900));
  return {
    history: flow.protocol === "udp" ? "Dd" : HISTORY[flow.state],
    packets: [sent, received],
    ipBytes: [flow.sent + sent * 40, flow.received + received * 40],
  };
}

/** dns.log */
export function dns(flow: Flow, { id, name, answers, ttl }: Lookup): string {
  return wrap("dns", {
    ...base(flow),
    proto: "udp",
    trans_id: id,
    rtt: flow.duration,
    query: name,
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
    ...(answers.length === 0 ? {} : { answers, TTLs: answers.map(() => ttl) }),
    rejected: false,
  });
}

/** http.log */
export function http(flow: Flow, exchange: Exchange): string {
  return wrap("http", {
    ...base(flow),
    trans_depth: 1,
    method: exchange.method,
    host: exchange.host,
    uri: exchange.uri,
    version: "1.1",
    user_agent: exchange.agent,
    request_body_len: exchange.upload?.body.length ?? 0,
    response_body_len: exchange.body.length,
    status_code: exchange.status,
    status_msg: reasonOf(exchange.status),
    tags: [],
    ...(exchange.upload === undefined ? {} : { orig_mime_types: [exchange.upload.mime] }),
    resp_mime_types: [exchange.mime],
  });
}

/** smtp.log */
export function smtp(flow: Flow, mail: Mail): string {
  return wrap("smtp", {
    ...base(flow),
    trans_depth: 1,
    helo: mail.helo,
    mailfrom: mail.from,
    rcptto: [mail.to],
    date: mail.date,
    from: mail.from,
    to: [mail.to],
    msg_id: `<${mail.id}>`,
    subject: mail.subject,
    last_reply: "250 2.0.0 Ok: queued as 4B1F2C0D77",
    path: [flow.target, flow.source],
    tls: false,
    is_webmail: false,
  });
}

/** ssl.log */
export function ssl(flow: Flow, name: string, greeting: Greeting, random: Random): string {
  return wrap("ssl", {
    ...base(flow),
    version: "TLSv13",
    cipher: "TLS_AES_128_GCM_SHA256",
    curve: "x25519",
    server_name: name,
    resumed: random.chance(0.4),
    established: true,
    ssl_history: "CsiI",
    ja3: greeting.ja3,
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

/** ftp.log. Zeek hides the password of users who are not anonymous. */
export function ftp(flow: Flow, { user, name, bytes, dataPort }: FtpUpload): string {
  return wrap("ftp", {
    ...base(flow),
    user,
    password: "<hidden>",
    command: "STOR",
    arg: `ftp://${flow.target}/${name}`,
    file_size: bytes,
    reply_code: 226,
    reply_msg: `Transfer complete, ${bytes} bytes`,
    "data_channel.passive": true,
    "data_channel.orig_h": flow.source,
    "data_channel.resp_h": flow.target,
    "data_channel.resp_p": dataPort,
  });
}

/** smb_files.log */
export function smbFile(flow: Flow, action: string, path: string, name: string, size: number): string {
  return wrap("smb_files", { ...base(flow), action, path, name, size });
}

/** A file that a flow carries. */
export type Transfer = {
  readonly source: "HTTP" | "SMB" | "FTP_DATA";
  readonly mime: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether it goes to the side that was called. */
  readonly isSent?: boolean;
};

/** files.log */
export function file(flow: Flow, what: Transfer): string {
  const { source, mime, name, bytes, sha256, isSent = false } = what;
  return wrap("files", {
    ts: seconds(flow.time),
    fuid: `F${flow.uid.slice(1)}`,
    tx_hosts: [isSent ? flow.source : flow.target],
    rx_hosts: [isSent ? flow.target : flow.source],
    conn_uids: [flow.uid],
    source,
    depth: 0,
    analyzers: ["SHA256"],
    mime_type: mime,
    filename: name,
    duration: flow.duration,
    is_orig: isSent,
    seen_bytes: bytes,
    total_bytes: bytes,
    missing_bytes: 0,
    overflow_bytes: 0,
    timedout: false,
    sha256,
  });
}
