/** NTP (RFC 5905, 7.3), as Zeek's ntp.log tells it: a record for each message with times. */
import { formatIpv4 } from "../../core/ip.ts";
import type { Side } from "../reassembly/segment.ts";
import { Cursor } from "./cursor.ts";
import type { DatagramProtocol, FlowContext } from "./protocol.ts";
import { hexOf, textOf } from "./text.ts";

const PORT = 123;
const HEADER = 48;
/** Control messages and private ones have other forms. */
const LAST_TIMED_MODE = 5;
/** From 1900 to 1970. */
const EPOCH = 2_208_988_800;

export const ntp: DatagramProtocol = {
  tells: (bytes, start, end, ports) => ports.includes(PORT) && isNtp(bytes, start, end),
  open: (flow) => ({
    data(_side: Side, bytes: Uint8Array, start: number, end: number) {
      if (isNtp(bytes, start, end)) tell(flow, new Cursor(bytes, start, end));
    },
    end() {},
  }),
};

function isNtp(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < HEADER) return false;
  const version = (bytes[start]! >> 3) & 7;
  return version >= 1 && version <= 4 && (bytes[start]! & 7) <= LAST_TIMED_MODE;
}

function tell(flow: FlowContext, cursor: Cursor): void {
  const first = cursor.u8();
  const stratum = cursor.u8();
  const poll = (cursor.u8() << 24) >> 24;
  const precision = (cursor.u8() << 24) >> 24;
  const delay = cursor.u32() / 65_536;
  const dispersion = cursor.u32() / 65_536;
  const at = cursor.skip(4);
  const { bytes } = cursor;
  const [reference, origin, received, sent] = [
    timeOf(cursor),
    timeOf(cursor),
    timeOf(cursor),
    timeOf(cursor),
  ];
  flow.speaks("ntp");
  flow.write("ntp", flow.now(), {
    version: (first >> 3) & 7,
    mode: first & 7,
    stratum,
    poll: 2 ** poll,
    precision: 2 ** precision,
    root_delay: delay,
    root_disp: dispersion,
    ref_id: nameOf(bytes, at, stratum),
    ref_time: reference,
    org_time: origin,
    rec_time: received,
    xmt_time: sent,
  });
}

/** Seconds since 1970; 0 is 1970, as Zeek has it. */
function timeOf(cursor: Cursor): number {
  const seconds = cursor.u32();
  const fraction = cursor.u32() / 2 ** 32;
  return seconds === 0 ? 0 : Math.round((seconds - EPOCH + fraction) * 1e6) / 1e6;
}

/** Where a server has its time from: letters of a clock (stratum 0 and 1), an address. */
function nameOf(bytes: Uint8Array, at: number, stratum: number): string {
  if (stratum > 1) return formatIpv4(new Cursor(bytes, at, at + 4).u32());
  const text = textOf(bytes, at, at + 4).replace(/\0+$/, "");
  return /^[ -~]*$/.test(text) ? text : hexOf(bytes, at, at + 4);
}
