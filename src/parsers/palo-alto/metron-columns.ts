/** Columns of PAN-OS logs by family and number of columns (PAN-OS Syslog Field Descriptions, 6.0 to 8.0). */

const COMMON = "palo_alto_domain receive_time serial type subtype config_version time_generated";
const GROUPS = "dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name";
const FLOW =
  `${COMMON} ip_src_addr ip_dst_addr natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if ` +
  "log_action start sessionid repeatcnt ip_src_port ip_dst_port natsport natdport flags protocol action";
const THREAT = `${FLOW} url threatid category severity direction seqno actionflags srcloc dstloc - contenttype pcap_id filedigest cloud`;
const THREAT_61 = "user_agent filetype xff referer sender subject recipient reportid";
const THREAT_70 = `${THREAT} url_idx ${THREAT_61} ${GROUPS}`;
const TRAFFIC =
  `${FLOW} bytes bytes_sent bytes_received packets start elapsed category - seqno actionflags srcloc dstloc - ` +
  "pkts_sent pkts_received";
const TRAFFIC_70 = `${TRAFFIC} session_end_reason ${GROUPS} action_source`;
const TUNNEL = "parent_session_id parent_session_start_time tunnel_type";
const CONFIG = `${COMMON} host vsys command admin client result configuration_path`;
const SYSTEM = `${COMMON} vsys event_id object - - module severity description seqno actionflags`;

type Version = { readonly version: number; readonly columns: string };
type Family = { readonly versions: Readonly<Record<number, Version>>; readonly unknown: string };

const FAMILIES: Readonly<Record<string, Family>> = {
  CONFIG: {
    versions: {
      16: { version: 61, columns: `${CONFIG} seqno actionflags` },
      18: { version: 61, columns: `${CONFIG} seqno actionflags before_change_detail after_change_detail` },
      22: { version: 80, columns: `${CONFIG} seqno actionflags ${GROUPS}` },
      24: {
        version: 80,
        columns: `${CONFIG} before_change_detail after_change_detail seqno actionflags ${GROUPS}`,
      },
    },
    unknown: COMMON,
  },
  SYSTEM: {
    versions: {
      17: { version: 61, columns: SYSTEM },
      23: { version: 80, columns: `${SYSTEM} ${GROUPS}` },
    },
    unknown: COMMON,
  },
  THREAT: {
    versions: {
      45: { version: 60, columns: THREAT },
      53: { version: 61, columns: `${THREAT} ${THREAT_61}` },
      61: { version: 70, columns: THREAT_70 },
      72: {
        version: 80,
        columns: `${THREAT_70} - source_vm_uuid destination_vm_uuid http_method tunnel_id monitor_tag ${TUNNEL} threat_category content_version`,
      },
    },
    unknown: THREAT,
  },
  TRAFFIC: {
    versions: {
      46: { version: 60, columns: TRAFFIC },
      47: { version: 61, columns: `${TRAFFIC} session_end_reason` },
      54: { version: 70, columns: TRAFFIC_70 },
      61: {
        version: 80,
        columns: `${TRAFFIC_70} source_vm_uuid destination_vm_uuid tunnel_id monitor_tag ${TUNNEL}`,
      },
    },
    unknown: TRAFFIC,
  },
};

export type Layout = {
  /** PAN-OS version times ten; 0 when the number of columns belongs to none. */
  readonly version: number;
  /** Name of each column; a dash for those without. */
  readonly columns: readonly string[];
};

/** The layout of a log by its type (in any case) and number of columns; undefined for a type nobody knows. */
export function layoutOf(type: string, count: number): Layout | undefined {
  const name = type.toUpperCase();
  const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  if (family === undefined) return undefined;
  const found = family.versions[count];
  return { version: found?.version ?? 0, columns: (found?.columns ?? family.unknown).split(" ") };
}
