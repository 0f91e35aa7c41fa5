/** Cuts the stream of a side into messages of SMB over TCP: a length of 24 bits, then the message (MS-SMB2, 2.1). */
import type { Part, SideView } from "../reassembly/view.ts";

export type SmbMessage = {
  readonly start: number;
  readonly end: number;
  /** Its first bytes, as many as were captured without a hole and at most `HEAD`. */
  readonly head: Uint8Array;
  /** What is at an offset of the message, missing bytes included. */
  parts(offset: number, length: number): Part[];
};

/** More than the headers of any message that is read here, names of files included. */
const HEAD = 4_096;

/** The messages of a side in order; behind missing headers the next one is looked for. */
export function* smbMessages(view: SideView): Generator<SmbMessage> {
  let at = 0;
  while (at + 8 <= view.length) {
    const header = view.read(at, at + 8);
    const length = header === undefined ? 0 : header[1]! * 65_536 + header[2]! * 256 + header[3]!;
    if (header === undefined || !isMessage(header)) {
      const next = findNext(view, at + 1);
      if (next === undefined) return;
      at = next;
      continue;
    }
    const start = at + 4;
    const end = Math.min(start + length, view.length);
    if (isSmb(header)) {
      const [first] = view.parts(start, Math.min(end, start + HEAD));
      const head = view.read(start, Math.min(end, start + HEAD)) ?? first?.bytes ?? new Uint8Array(0);
      yield {
        start,
        end,
        head,
        parts: (offset, size) => view.parts(start + offset, Math.min(end, start + offset + size)),
      };
    }
    at = start + length;
  }
}

/** A message of the session (0), or of NetBIOS: requests, answers and keep-alives (RFC 1002, 4.3). */
function isMessage(header: Uint8Array): boolean {
  return header[0] === 0 ? isSmb(header) : header[0]! >= 0x81 && header[0]! <= 0x85;
}

function isSmb(header: Uint8Array): boolean {
  // 0xff SMB is version 1, 0xfe 2 and 3; encrypted (0xfd) and compressed (0xfc) ones begin alike.
  return (
    header[0] === 0 && header[4]! >= 0xfc && header[5] === 0x53 && header[6] === 0x4d && header[7] === 0x42
  );
}

/** The next place at which a message begins with a packet, or anywhere in one. */
function findNext(view: SideView, from: number): number | undefined {
  for (const { position, bytes } of view.walk(from, view.length)) {
    if (bytes === undefined) continue;
    for (let place = bytes.indexOf(0x53, 5); place >= 0; place = bytes.indexOf(0x53, place + 1)) {
      const header = bytes.subarray(place - 5, place + 3);
      if (header.length === 8 && isSmb(header)) return position + place - 5;
    }
  }
  return undefined;
}
