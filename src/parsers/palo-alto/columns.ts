/** Columns of PAN-OS logs by type (PAN-OS Syslog Field Descriptions, 5.0 to 11.1), named as the original names them. */

const COMMON = "palo_alto_domain receive_time serial type subtype config_version time_generated";
const GROUPS = "dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name";
const FLOW =
  `${COMMON} ip_src_addr ip_dst_addr natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if ` +
  "log_action start sessionid repeatcnt ip_src_port ip_dst_port natsport natdport flags protocol action";
const TUNNEL = "parent_session_id parent_session_start_time tunnel_type";
const DEVICES = ["src", "dst"]
  .map((side) =>
    ["category", "profile", "model", "vendor", "osfamily", "osversion", "host", "mac"]
      .map((part) => `${side}_${part}`)
      .join(" "),
  )
  .join(" ");
const PODS = "container_id pod_namespace pod_name src_edl dst_edl hostid serialnumber";
const APPLICATION =
  "subcategory_of_app category_of_app technology_of_app risk_of_app characteristic_of_app container_of_app " +
  "tunneled_app is_saas_of_app sanctioned_state_of_app";

/** Each version's columns are those before it and its own; so a longer log of a version to come is read as far as known. */
type Growth = readonly (readonly [version: number, columns: string])[];

const TRAFFIC: Growth = [
  [0, FLOW],
  [
    60,
    "bytes bytes_sent bytes_received packets start elapsed category - seqno actionflags srcloc dstloc - pkts_sent pkts_received",
  ],
  [61, "session_end_reason"],
  [70, `${GROUPS} action_source`],
  [80, `source_vm_uuid destination_vm_uuid tunnel_id monitor_tag ${TUNNEL}`],
  [81, "assoc_id chunks chunks_sent chunks_received"],
  [90, "rule_uuid http2_connection"],
  [
    91,
    "link_change_count policy_id link_switches sdwan_cluster sdwan_device_type sdwan_cluster_type sdwan_site dynusergroup_name",
  ],
  [100, `xff_ip ${DEVICES} ${PODS} src_dag dst_dag session_owner high_res_timestamp nssai_sst nssai_sd`],
  [101, `${APPLICATION} offloaded`],
  [111, "flow_type cluster_name"],
];

const THREAT_HEAD: Growth = [
  [0, FLOW],
  [50, "url threatid category severity direction seqno actionflags srcloc dstloc - contenttype"],
  [60, "pcap_id filedigest cloud"],
];
const THREAT_MAIL = "user_agent filetype xff referer sender subject recipient reportid";
/** From 7.0 on an index is before what 6.1 had added. */
const THREAT: Growth = [
  ...THREAT_HEAD,
  [70, `url_idx ${THREAT_MAIL} ${GROUPS} -`],
  [
    80,
    `source_vm_uuid destination_vm_uuid http_method tunnel_id monitor_tag ${TUNNEL} threat_category content_version -`,
  ],
  [81, "assoc_id ppid http_headers"],
  [90, "url_category_list rule_uuid http2_connection"],
  [91, "dynusergroup_name"],
  [
    100,
    `xff_ip ${DEVICES} ${PODS} domain_edl src_dag dst_dag partial_hash high_res_timestamp reason justification nssai_sst`,
  ],
  [101, APPLICATION],
  [102, "cloud_reportid"],
  [111, "cluster_name flow_type"],
];
const THREAT_61: Growth = [...THREAT_HEAD, [61, THREAT_MAIL]];

const CONFIG = "host vsys command admin client result configuration_path";
const CHANGES = "before_change_detail after_change_detail";
const SYSTEM: Growth = [
  [0, COMMON],
  [61, "vsys event_id object - - module severity description seqno actionflags"],
  [80, GROUPS],
  [100, "- - high_res_timestamp"],
];
const USERID: Growth = [
  [0, COMMON],
  [
    80,
    `vsys ip_src_addr user datasourcename event_id repeatcnt timeout ip_src_port ip_dst_port datasource datasourcetype seqno actionflags ${GROUPS} vsys_id factortype factorcompletiontime factorno`,
  ],
  [91, "ugflags userbysource"],
  [100, "tag_name high_res_timestamp"],
  [111, "origindatasource - cluster_name"],
];
const HIPMATCH: Growth = [
  [0, COMMON],
  [
    80,
    `srcuser vsys machinename os ip_src_addr matchname repeatcnt matchtype - - seqno actionflags ${GROUPS} vsys_id srcipv6 hostid`,
  ],
  [100, "serialnumber mac high_res_timestamp"],
];
const GLOBALPROTECT: Growth = [
  [0, COMMON],
  [
    91,
    "vsys event_id stage auth_method tunnel_type srcuser srcregion machinename ip_src_addr public_ipv6 private_ip private_ipv6 " +
      "hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error description status location " +
      "login_duration connect_method error_code portal seqno actionflags high_res_timestamp selection_type response_time " +
      `priority attempted_gateways gateway ${GROUPS} vsys_id`,
  ],
];

/** Types of which only the columns that all logs share are named. */
const OTHERS = ["AUTHENTICATION", "AUDIT", "CORRELATION", "DECRYPTION", "GTP", "IPTAG", "SCTP"];

export type Layout = {
  /** PAN-OS version times ten; 0 when the number of columns belongs to none. */
  readonly version: number;
  /** Name of each column; a dash for those without. */
  readonly columns: readonly string[];
  /** How many columns a log of the type has at least. */
  readonly least: number;
};

/** The layout of a log by its type (in any case) and its columns; undefined for a type nobody knows. */
export function layoutOf(type: string, cells: readonly string[]): Layout | undefined {
  const count = cells.length;
  switch (type.toUpperCase()) {
    case "TRAFFIC":
      return grown(TRAFFIC, count);
    case "THREAT":
      if (count === 53) return grown(THREAT_61, count);
      return grown(count < 61 ? THREAT_HEAD : THREAT, count);
    case "SYSTEM":
      return grown(SYSTEM, count);
    case "CONFIG":
      return grown(configOf(cells), count);
    case "USERID":
      return grown(USERID, count);
    case "HIPMATCH":
    case "HIP-MATCH":
      return grown(HIPMATCH, count);
    case "GLOBALPROTECT":
      return grown(GLOBALPROTECT, count);
    default:
      return OTHERS.includes(type.toUpperCase()) ? grown([[0, COMMON]], count) : undefined;
  }
}

/** The details of a change are there where the log was so configured: the flags, `0x…`, tell whether they are before them. */
function configOf(cells: readonly string[]): Growth {
  const count = cells.length;
  if (count <= 18)
    return [
      [0, COMMON],
      [61, `${CONFIG} seqno actionflags`],
      [61, CHANGES],
    ];
  const isWithout = /^0x/i.test(cells[15] ?? "") || (count === 22 && !/^0x/i.test(cells[17] ?? ""));
  return [
    [0, COMMON],
    [80, `${CONFIG}${isWithout ? "" : ` ${CHANGES}`} seqno actionflags ${GROUPS}`],
    [91, "dg_id audit_comment"],
    [100, "- high_res_timestamp"],
  ];
}

function grown(growth: Growth, count: number): Layout {
  const columns: string[] = [];
  let version = 0;
  for (const [index, [at, names]] of growth.entries()) {
    columns.push(...names.split(" "));
    if (columns.length === count && index > 0) version = at;
  }
  return { version, columns, least: (growth[0] as Growth[number])[1].split(" ").length };
}
