import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column } from "../../core/column.ts";

/**
 * What tells the logs of Zeek apart when records do not name theirs, as in the JSON that Zeek writes by itself: for
 * each log sets of fields of which one is always there together. The first log that fits counts, so a log whose fields
 * are a part of another's is behind it.
 */
const LOGS: readonly (readonly [type: string, ...sets: string[]])[] = [
  ["intel", "seen.indicator"],
  ["signatures", "sig_id"],
  ["notice", "note suppress_for", "note actions", "note msg"],
  ["files", "fuid seen_bytes", "fuid analyzers"],
  ["pe", "is_exe", "compile_ts"],
  ["x509", "certificate.serial", "certificate.version", "certificate.subject"],
  ["ocsp", "certStatus", "issuerNameHash"],
  ["conn", "conn_state", "missed_bytes orig_pkts"],
  ["quic", "client_initial_dcid", "server_scid"],
  ["ssl", "established resumed", "established version", "ssl_history"],
  ["dns", "rejected AA", "rejected RD", "qtype_name", "query proto", "trans_id proto"],
  ["sip", "request_path", "response_path", "call_id"],
  ["smtp", "helo", "mailfrom", "rcptto", "is_webmail", "trans_depth tls", "trans_depth last_reply"],
  [
    "http",
    "trans_depth request_body_len",
    "trans_depth method",
    "trans_depth status_code",
    "trans_depth tags",
    "method uri",
  ],
  ["websocket", "subprotocol", "client_protocols", "server_extensions", "client_extensions"],
  ["ssh", "auth_attempts", "kex_alg", "host_key_alg", "auth_success direction"],
  ["kerberos", "request_type", "forwardable", "renewable", "service error_msg"],
  ["ntlm", "domainname", "server_nb_computer_name", "server_dns_computer_name", "server_tree_name"],
  ["dce_rpc", "named_pipe", "endpoint operation", "operation rtt"],
  ["smb_mapping", "share_type"],
  ["smb_cmd", "sub_command", "tree_service"],
  ["tunnel", "tunnel_type"],
  ["mqtt_connect", "connect_status", "proto_name"],
  ["mqtt_subscribe", "topics", "granted_qos_level"],
  ["mqtt_publish", "retain", "topic qos"],
  ["smb_files", "times.modified", "times.changed", "action name", "action prev_name"],
  ["rdp", "cert_count", "security_protocol", "client_build", "keyboard_layout"],
  ["rfb", "authentication_method", "server_major_version", "client_major_version"],
  ["snmp", "get_requests", "get_bulk_requests"],
  ["socks", "bound_p", "request_p", "bound.host", "request.host"],
  ["radius", "framed_addr", "connect_info", "username result", "tunnel_client"],
  ["redis", "cmd.name"],
  ["mysql", "cmd success", "cmd arg"],
  ["postgresql", "frontend", "backend"],
  ["modbus_register_change", "register old_val"],
  ["modbus", "func"],
  ["dnp3", "fc_request", "fc_reply", "iin"],
  ["ntp", "stratum", "ref_id"],
  ["dhcp", "msg_types", "uids", "assigned_ip", "assigned_addr"],
  ["irc", "nick", "command addl", "command value"],
  ["ftp", "data_channel.passive", "command reply_code", "command arg", "command user"],
  ["syslog", "facility severity"],
  ["ldap_search", "base_object", "deref_aliases", "scope filter"],
  ["ldap", "opcode", "opcodes", "message_id"],
  ["dpd", "analyzer failure_reason"],
  ["analyzer", "analyzer_kind", "analyzer_name"],
  ["software", "software_type", "unparsed_version"],
  ["weird", "name notice", "name peer"],
  ["known_services", "port_num port_proto"],
  ["known_certs", "port_num subject", "port_num issuer_subject", "port_num serial"],
  ["known_devices", "mac dhcp_host_name"],
  ["known_modbus", "host device_type"],
  ["capture_loss", "percent_lost"],
  ["stats", "pkts_proc"],
  ["telemetry", "metric_type"],
  ["packet_filter", "filter init"],
  ["config", "old_value new_value"],
  ["broker", "ty ev"],
  ["cluster", "node message"],
  ["reporter", "level message"],
];

/** Logs of one field beside the time. */
const SMALL: readonly (readonly [type: string, field: string])[] = [
  ["known_hosts", "host"],
  ["known_devices", "mac"],
];

/** Tells the log of records by the fields that they have. */
export class LogTypes {
  readonly #batch: Batch;
  readonly #names: readonly string[];
  /** The columns of the names, as far as there are any; looked up again when the batch gets new ones. */
  #columns: readonly (Column | undefined)[] = [];
  #known = -1;
  /** Of each log its sets, of each set its fields as indexes of the columns. */
  readonly #logs: readonly { readonly type: string; readonly sets: readonly (readonly number[])[] }[];

  readonly #writeTime: number;

  constructor(batch: Batch) {
    this.#batch = batch;
    const names = new Map<string, number>();
    const index = (name: string): number => {
      if (!names.has(name)) names.set(name, names.size);
      return names.get(name) as number;
    };
    this.#logs = LOGS.map(([type, ...sets]) => ({
      type,
      // Some shippers write an underscore for the dot in a name.
      sets: sets
        .flatMap((set) => (set.includes(".") ? [set, set.replaceAll(".", "_")] : [set]))
        .map((set) => set.split(" ").map(index)),
    }));
    this.#writeTime = index("_write_ts");
    for (const [, field] of SMALL) index(field);
    this.#names = [...names.keys()];
  }

  /** The log of a row that was just read and had `keys` keys; undefined when its fields fit none. */
  of(row: number, keys: number): string | undefined {
    const { columns } = this.#batch;
    if (columns.size !== this.#known) {
      this.#known = columns.size;
      this.#columns = this.#names.map((name) => columns.get(name));
    }
    for (const { type, sets } of this.#logs) {
      for (const set of sets) if (this.#hasAll(set, row)) return type;
    }
    if (keys - (this.#has(this.#writeTime, row) ? 1 : 0) !== 2) return undefined;
    return SMALL.find(([, field]) => this.#has(this.#names.indexOf(field), row))?.[0];
  }

  #hasAll(set: readonly number[], row: number): boolean {
    for (let at = 0; at < set.length; at++) if (!this.#has(set[at] as number, row)) return false;
    return true;
  }

  #has(index: number, row: number): boolean {
    const column = this.#columns[index];
    return column !== undefined && column.kinds[row] !== ABSENT;
  }
}
