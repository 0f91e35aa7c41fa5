import { read32 } from "../decode/bytes.ts";
import { LINK } from "../decode/link-types.ts";
import { isPaddedFrame } from "../decode/wireless.ts";
import { type Cursor, left, little, mac, malformed, means, number, parts, raw } from "./cursor.ts";
import { hex, named } from "./show.ts";
import { LLC, type Next, next, type Step } from "./step.ts";

/** A frame of IEEE 802.11. Frames of data that are not encrypted hold logical link control. */
export const wireless: Step = {
  name: "wlan",
  label: "IEEE 802.11",
  read: (cursor) => frame(cursor, false),
};

/** Frames whose header is filled up to four bytes. */
const paddedWireless: Step = { ...wireless, read: (cursor) => frame(cursor, true) };

const TYPES = { 0: "management", 1: "control", 2: "data" };
const DATA = 2;

function frame(cursor: Cursor, isPadded: boolean): Next | undefined {
  const start = cursor.at;
  parts(cursor, 1, [
    ["wlan.fc.version", "Version", 0x03],
    ["wlan.fc.type", "Type", 0x0c, named(TYPES)],
    ["wlan.fc.subtype", "Subtype", 0xf0],
  ]);
  const control = cursor.bytes[cursor.at]!;
  cursor.at++;
  parts(cursor, 1, [
    ["wlan.fc.tods", "To the distribution system", 0x01],
    ["wlan.fc.fromds", "From the distribution system", 0x02],
    ["wlan.fc.frag", "More fragments", 0x04],
    ["wlan.fc.retry", "Sent again", 0x08],
    ["wlan.fc.pwrmgt", "Power management", 0x10],
    ["wlan.fc.moredata", "More data", 0x20],
    ["wlan.fc.protected", "Protected", 0x40],
    ["wlan.fc.order", "Order", 0x80],
  ]);
  const flag = cursor.bytes[cursor.at]!;
  cursor.at++;
  little(cursor, 2, "wlan.duration", "Duration");
  mac(cursor, "wlan.ra", "Receiver");
  const type = (control >>> 2) & 3;
  if (type !== 1) mac(cursor, "wlan.ta", "Transmitter");
  if (type !== DATA) return undefined;
  mac(cursor, THIRD_ADDRESS[flag & 3]!, "Third address");
  sequence(cursor);
  if ((flag & 3) === 3) mac(cursor, "wlan.sa", "Fourth address");
  if ((control & 0x80) !== 0) little(cursor, 2, "wlan.qos", "Quality of service", hex(4));
  const HIGH_THROUGHPUT = 0x80;
  if ((control & flag & HIGH_THROUGHPUT) !== 0) raw(cursor, 4, "wlan.htc", "High throughput control");
  const over = (cursor.at - start) & 3;
  if (isPadded && over > 0) raw(cursor, 4 - over, "wlan.padding", "Padding");
  // Data that is encrypted, or a kind of data that has none.
  return (flag & 0x40) !== 0 || (control & 0x40) !== 0 ? undefined : next(LLC, cursor);
}

/** What the third address is, by the direction to and from the distribution system. */
const THIRD_ADDRESS = ["wlan.bssid", "wlan.da", "wlan.sa", "wlan.da"] as const;

/** In little-endian order, the lower four bits count fragments and the others frames. */
function sequence(cursor: Cursor): void {
  const { at } = cursor;
  const both = little(cursor, 2, "wlan.frag", "Fragment");
  means(cursor, both & 15);
  cursor.at = at;
  little(cursor, 2, "wlan.seq", "Sequence number");
  means(cursor, both >>> 4);
}

/** Frames behind a header of radiotap (https://www.radiotap.org). */
export const radiotap: Step = {
  name: "radiotap",
  label: "Radiotap",
  read(cursor) {
    const start = cursor.at;
    number(cursor, 1, "radiotap.version", "Version");
    number(cursor, 1, "radiotap.pad", "Padding");
    const length = little(cursor, 2, "radiotap.length", "Length of header");
    if (length < 8) malformed(`says that its header has ${length} bytes; it has at least 8`);
    raw(cursor, length - 4, "radiotap.fields", "Fields");
    return next(isPaddedFrame(cursor.bytes, start, start + length) ? paddedWireless : wireless, cursor);
  },
};

/** Headers of Prism have 144 bytes; some systems write those of AVS under the same number. */
export const prism: Step = {
  name: "prism",
  label: "Prism capture header",
  read(cursor, around) {
    if (left(cursor) >= 8 && read32(cursor.bytes, cursor.at) >>> 12 === 0x80211)
      return avs.read(cursor, around);
    number(cursor, 4, "prism.msgcode", "Message", hex(8));
    number(cursor, 4, "prism.msglen", "Length");
    raw(cursor, 136, "prism.fields", "Device and signal");
    return next(wireless, cursor);
  },
};

/** The header of the Absolute Value Systems driver says its length. */
export const avs: Step = {
  name: "wlancap",
  label: "AVS WLAN capture header",
  read(cursor) {
    parts(cursor, 4, [
      ["wlancap.magic", "Mark", 0xffff_fff0, hex(7)],
      ["wlancap.version", "Version", 0x0000_000f],
    ]);
    cursor.at += 4;
    const length = number(cursor, 4, "wlancap.length", "Length of header");
    if (length < 8) malformed(`says that its header has ${length} bytes; it has at least 8`);
    raw(cursor, length - 8, "wlancap.fields", "Time and signal");
    return next(wireless, cursor);
  },
};

/** Per-packet information (PPI) says its length and the type of the link that follows. */
export const perPacket: Step = {
  name: "ppi",
  label: "Per-Packet Information",
  read(cursor) {
    number(cursor, 1, "ppi.version", "Version");
    number(cursor, 1, "ppi.flags", "Flags", hex(2));
    const length = little(cursor, 2, "ppi.length", "Length of header");
    const linkType = little(cursor, 4, "ppi.dlt", "Link type");
    if (length > 8) raw(cursor, length - 8, "ppi.fields", "Fields");
    // A header in a header in a header is nothing that anybody captures.
    return linkType === LINK.ppi ? undefined : next({ linkType }, cursor);
  },
};
