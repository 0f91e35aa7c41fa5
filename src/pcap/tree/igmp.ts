import { checksum } from "./checksum.ts";
import { type Cursor, group, ipv4, left, number, parts, raw, rest } from "./cursor.ts";
import { named } from "./show.ts";
import type { Step } from "./step.ts";

const TYPES = {
  17: "Membership query",
  18: "Membership report, version 1",
  22: "Membership report, version 2",
  23: "Leave group",
  34: "Membership report, version 3",
};

const RECORDS = {
  1: "include",
  2: "exclude",
  3: "change to include",
  4: "change to exclude",
  5: "allow new sources",
  6: "block old sources",
};

/** Membership of multicast groups (RFC 2236, RFC 3376). */
export const igmp: Step = {
  name: "igmp",
  label: "Internet Group Management Protocol",
  read(cursor) {
    const start = cursor.at;
    const type = number(cursor, 1, "igmp.type", "Type", named(TYPES, 2));
    const isReport = type === 0x22;
    if (isReport) raw(cursor, 1, "igmp.reserved", "Reserved");
    else number(cursor, 1, "igmp.max_resp", "Maximum response time in tenths of a second");
    checksum(cursor, "igmp.checksum", "Checksum", { start, end: cursor.wire });
    if (isReport) {
      raw(cursor, 2, "igmp.reserved", "Reserved");
      const count = number(cursor, 2, "igmp.num_grp_recs", "Records");
      for (let index = 0; index < count; index++) record(cursor);
      return undefined;
    }
    ipv4(cursor, "igmp.maddr", "Group");
    if (type === 0x11 && left(cursor) >= 4) {
      parts(cursor, 1, [
        ["igmp.s", "Suppress router-side processing", 0x08],
        ["igmp.qrv", "Robustness", 0x07],
      ]);
      cursor.at++;
      number(cursor, 1, "igmp.qqic", "Query interval");
      const count = number(cursor, 2, "igmp.num_src", "Sources");
      for (let index = 0; index < count; index++) ipv4(cursor, "igmp.saddr", "Source");
    }
    rest(cursor, "igmp.data", "Data");
    return undefined;
  },
};

function record(cursor: Cursor): void {
  group(cursor, ["igmp.group_record", "Record"], undefined, (inner) => {
    number(inner, 1, "igmp.record_type", "Type", named(RECORDS));
    const words = number(inner, 1, "igmp.aux_data_len", "Length of more data in words");
    const count = number(inner, 2, "igmp.num_src", "Sources");
    ipv4(inner, "igmp.maddr", "Group");
    for (let index = 0; index < count; index++) ipv4(inner, "igmp.saddr", "Source");
    if (words > 0) raw(inner, 4 * words, "igmp.aux_data", "More data");
  });
}
