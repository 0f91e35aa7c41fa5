/** What a value must be to go under the name of the platform; else it stays under its own. */
type Kind = "address" | "number" | "protocol" | "service" | "text";

export type Target = { readonly field: string; readonly kind: Kind };

const USUAL: Readonly<Record<string, readonly [kind: Kind, ...keys: string[]]>> = {
  ip_src_addr: ["address", "srcip", "src_ip", "src", "source_ip", "sourceip", "saddr", "src_addr", "ip_src"],
  ip_dst_addr: [
    "address",
    "dstip",
    "dst_ip",
    "dst",
    "dest_ip",
    "destination_ip",
    "destip",
    "daddr",
    "dst_addr",
    "ip_dst",
  ],
  ip_src_port: ["number", "srcport", "src_port", "sport", "spt", "s_port", "source_port"],
  ip_dst_port: ["number", "dstport", "dst_port", "dport", "dpt", "d_port", "dest_port", "destination_port"],
  protocol: ["protocol", "proto", "protocol", "ip_protocol", "ip_proto"],
  service: ["service", "service"],
  user: ["text", "user", "username", "user_name", "usr", "usrname"],
  action: ["text", "action", "act", "fw_action", "disp"],
};

const TARGETS = new Map<string, Target>(
  Object.entries(USUAL).flatMap(([field, [kind, ...keys]]) =>
    keys.map((key) => [key, { field, kind }] as const),
  ),
);

/** Counts and ports are numbers also in quotes; other values in quotes are text, such as `"0100"`. */
const NUMBER = /(?:port|bytes?|pkts?|packets)$/i;

/** Where the value of a key goes: `renames` first, then the names that devices usually give. */
export function targetOf(key: string, renames: ReadonlyMap<string, string>, usual: boolean): Target {
  const renamed = renames.get(key);
  const known = usual ? TARGETS.get(key.toLowerCase()) : undefined;
  if (renamed !== undefined) return { field: renamed, kind: known?.kind ?? kindOf(renamed) };
  return known ?? { field: key, kind: kindOf(key) };
}

function kindOf(name: string): Kind {
  return NUMBER.test(name) ? "number" : "text";
}
