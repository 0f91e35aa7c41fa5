import { mac, number, parts } from "./cursor.ts";
import { hex } from "./show.ts";
import { ETHERNET, next, type Step } from "./step.ts";
import { typeOrLength } from "./type-or-length.ts";

/** The tag of a provider's backbone (IEEE 802.1ah); the frame of the customer follows. */
export const providerBackbone: Step = {
  name: "ieee8021ah",
  label: "802.1ah provider backbone",
  read(cursor) {
    parts(
      cursor,
      4,
      [
        ["ieee8021ah.priority", "Priority", 0xe000_0000],
        ["ieee8021ah.drop", "May be dropped", 0x1000_0000],
        ["ieee8021ah.nca", "No customer addresses", 0x0800_0000],
        ["ieee8021ah.res1", "Reserved", 0x0400_0000],
        ["ieee8021ah.res2", "Reserved", 0x0300_0000],
        ["ieee8021ah.isid", "Service", 0x00ff_ffff],
      ],
      false,
    );
    cursor.at += 4;
    mac(cursor, "ieee8021ah.cdst", "Destination of the customer");
    mac(cursor, "ieee8021ah.csrc", "Source of the customer");
    return typeOrLength(cursor, "ieee8021ah.etype", "ieee8021ah.len");
  },
};

/** Which port of a virtual switch a frame is for, as Cisco writes it. */
export const virtualPort: Step = {
  name: "vntag",
  label: "VN-Tag",
  read(cursor) {
    parts(cursor, 4, [
      ["vntag.dir", "From the bridge", 0x8000_0000],
      ["vntag.ptr", "The destination is a list", 0x4000_0000],
      ["vntag.dst", "Destination port", 0x3fff_0000],
      ["vntag.looped", "Came back", 0x0000_8000],
      ["vntag.r", "Reserved", 0x0000_4000],
      ["vntag.version", "Version", 0x0000_3000],
      ["vntag.src", "Source port", 0x0000_0fff],
    ]);
    cursor.at += 4;
    return typeOrLength(cursor, "vntag.etype", "vntag.len");
  },
};

/** The same of IEEE 802.1BR. */
export const portExtender: Step = {
  name: "etag",
  label: "802.1BR E-Tag",
  read(cursor) {
    parts(cursor, 2, [
      ["etag.pcp", "Priority", 0xe000],
      ["etag.dei", "May be dropped", 0x1000],
      ["etag.iecid_base", "Ingress", 0x0fff, hex(3)],
    ]);
    cursor.at += 2;
    parts(cursor, 2, [
      ["etag.resv", "Reserved", 0xc000],
      ["etag.group", "Group", 0x3000],
      ["etag.ecid_base", "Destination", 0x0fff, hex(3)],
    ]);
    cursor.at += 2;
    number(cursor, 1, "etag.iecid_ext", "Ingress, extended", hex(2));
    number(cursor, 1, "etag.ecid_ext", "Destination, extended", hex(2));
    return typeOrLength(cursor, "etag.etype", "etag.len");
  },
};

/** What Cisco's FabricPath puts before a frame; the addresses in front of it are those of switches. */
export const fabricPath: Step = {
  name: "cfp",
  label: "Cisco FabricPath",
  read(cursor) {
    parts(cursor, 2, [
      ["cfp.ftag", "Forwarding tag", 0xffc0],
      ["cfp.ttl", "Time to live", 0x003f],
    ]);
    cursor.at += 2;
    return next(ETHERNET, cursor);
  },
};
