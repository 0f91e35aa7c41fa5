import { mac, parts, raw } from "./cursor.ts";
import { LLC, next, type Step } from "./step.ts";

/** Token Ring (IEEE 802.5), with its route. */
export const tokenRing: Step = {
  name: "tr",
  label: "Token Ring",
  read(cursor) {
    parts(cursor, 1, [
      ["tr.priority", "Priority", 0xe0],
      ["tr.frame", "Frame", 0x10],
      ["tr.monitor_cnt", "Monitor count", 0x08],
      ["tr.priority_reservation", "Priority asked for", 0x07],
    ]);
    cursor.at++;
    parts(cursor, 1, [
      ["tr.frame_type", "Kind of frame", 0xc0],
      ["tr.frame_pcf", "Control", 0x0f],
    ]);
    cursor.at++;
    mac(cursor, "tr.dst", "Destination");
    // The first bit of the source says whether a route follows.
    const isRouted = (cursor.bytes[cursor.at] ?? 0) > 0x7f;
    mac(cursor, "tr.src", "Source");
    if (isRouted) {
      parts(cursor, 1, [["tr.rif_bytes", "Length of the route", 0x1f]]);
      raw(cursor, Math.max(2, cursor.bytes[cursor.at]! & 31), "tr.route", "Route");
    }
    return next(LLC, cursor);
  },
};

/** The fibre distributed data interface (ISO 9314). */
export const fddi: Step = {
  name: "fddi",
  label: "Fiber Distributed Data Interface",
  read(cursor) {
    parts(cursor, 1, [["fddi.fc", "Frame control", 0xff]]);
    cursor.at++;
    mac(cursor, "fddi.dst", "Destination");
    mac(cursor, "fddi.src", "Source");
    return next(LLC, cursor);
  },
};
