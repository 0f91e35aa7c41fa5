import type { z } from "zod";
import type { ConversationSummary, getConversation, getTiming } from "../../../api/conversations.ts";
import type { ResponseOf } from "../../../api/endpoint.ts";
import { looksLikeHttp } from "../../../pcap/http/http.ts";
import type { Chunk, Mark, SideTotals } from "../../../pcap/reassembly/conversation.ts";
import type { Datagram } from "../../../pcap/reassembly/datagrams.ts";
import type { Seen, Side } from "../../../pcap/reassembly/segment.ts";
import type { Gathered, GatheredConversation } from "./gather.ts";

/** Conversations as the API tells them. */

const SIDES = ["client", "server"] as const;
/** Bytes of what was said after which a page of it ends. */
const PAGE_BYTES = 1 << 20;
const MOST_MARKS = 1000;

export function summaryOf(gathered: GatheredConversation, number: number): ConversationSummary {
  const { protocol, conversation, communityId, first, last } = gathered;
  const [client, server] = conversation.endpoints;
  const application = applicationOf(gathered);
  const [clientTotals, serverTotals] = totalsOf(gathered);
  return {
    ...{ number, protocol, client, server, communityId, first: first / 1000, last: last / 1000 },
    ...(application === undefined ? {} : { application }),
    ...{ clientTotals, serverTotals },
    begins: protocol === "udp" || conversation.totals.some(({ begins }) => begins),
    ends:
      protocol === "tcp" &&
      (conversation.totals.every(({ ends }) => ends) || (conversation.counts.reset ?? 0) > 0),
    counts: protocol === "tcp" ? { ...conversation.counts } : {},
  };
}

function totalsOf({ protocol, conversation, sides }: GatheredConversation) {
  const packets = (side: Side) => sides.filter((each) => each === side).length;
  const ofTcp = ({ bytes, missing, repeated }: SideTotals) => ({ bytes, missing, repeated });
  return ([0, 1] as const).map((side) => {
    if (protocol === "tcp") return { packets: packets(side), ...ofTcp(conversation.totals[side]) };
    const own = conversation.datagrams.filter((datagram) => datagram.side === side);
    const bytes = own.reduce((sum, datagram) => sum + datagram.bytes.length, 0);
    const wire = own.reduce((sum, datagram) => sum + datagram.wire, 0);
    return { packets: packets(side), bytes, missing: wire - bytes, repeated: 0 };
  }) as [ConversationSummary["clientTotals"], ConversationSummary["serverTotals"]];
}

const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^SSH-\d/, "ssh"],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a record of TLS begins with them.
  [/^[\x14-\x17]\x03[\x00-\x04]/, "tls"],
  [/^(?:EHLO|HELO|LHLO)\b/i, "smtp"],
  [/^220[ -][^\r\n]*(?:SMTP|mail)/i, "smtp"],
  [/^220[ -][^\r\n]*FTP/i, "ftp"],
  [/^\0[\s\S]{3}[\xfc-\xff]SMB/, "smb"],
];
const BY_PORT: ReadonlyMap<number, string> = new Map([
  [53, "dns"],
  [67, "dhcp"],
  [88, "kerberos"],
  [123, "ntp"],
]);

/** What they speak, as far as their first bytes tell, and the port of the server where bytes do not. */
function applicationOf({ protocol, conversation }: GatheredConversation): string | undefined {
  const byPort = BY_PORT.get(conversation.endpoints[1].port);
  if (protocol === "udp") return byPort;
  if (looksLikeHttp(conversation)) return "http";
  for (const side of [0, 1] as const) {
    const first = conversation.chunks.find((chunk) => chunk.side === side && chunk.kind === "bytes");
    if (first?.kind !== "bytes") continue;
    const text = Buffer.from(first.bytes.subarray(0, 80)).toString("latin1");
    const found = BEGINNINGS.find(([pattern]) => pattern.test(text));
    if (found !== undefined) return found[1];
  }
  return byPort;
}

type Said = ResponseOf<typeof getConversation>;
type NumberOf = Gathered["numberOf"];

/** A page of what was said: chunks with numbers behind `after`, of one side or both. */
export function saidPage(
  gathered: GatheredConversation,
  numberOf: NumberOf,
  { after, size, direction }: { after: number; size: number; direction: "both" | "client" | "server" },
): Pick<Said, "chunks" | "marks" | "marksLeftOut" | "next"> {
  const chunks: Said["chunks"] = [];
  const all = partsOf(gathered);
  let bytes = 0;
  let at = after;
  let first = Number.NEGATIVE_INFINITY;
  let end = Number.POSITIVE_INFINITY;
  for (; at < all.length; at++) {
    const part = all[at] as Part;
    if (direction !== "both" && SIDES[part.side] !== direction) continue;
    if (chunks.length >= size || bytes >= PAGE_BYTES) {
      end = part.micros;
      break;
    }
    if (chunks.length === 0 && after > 0) first = part.micros;
    bytes += part.kind === "gap" ? 0 : part.bytes.length;
    chunks.push(chunkOf(part, at + 1, numberOf));
  }
  const marks =
    gathered.protocol === "udp"
      ? []
      : gathered.conversation.marks.filter(({ micros }) => micros >= first && micros < end);
  return {
    chunks,
    marks: marks.slice(0, MOST_MARKS).map((mark) => markOf(mark, numberOf)),
    marksLeftOut: Math.max(0, marks.length - MOST_MARKS) + (at < all.length ? 0 : forgottenMarks(gathered)),
    ...(at < all.length ? { next: at } : {}),
  };
}

/** Marks of a conversation that were too many to be kept; they came behind all that were. */
function forgottenMarks({ protocol, conversation }: GatheredConversation): number {
  if (protocol === "udp") return 0;
  const { conflict: _conflict, ...counts } = conversation.counts;
  return Object.values(counts).reduce((sum, each) => sum + each, 0) - conversation.marks.length;
}

type Part = Chunk | (Datagram & { readonly kind: "datagram"; readonly position: number });

/** What was said, in true order. */
function partsOf({ protocol, conversation }: GatheredConversation): readonly Part[] {
  if (protocol === "tcp") return conversation.chunks;
  const positions: [number, number] = [0, 0];
  return conversation.datagrams.map((datagram) => {
    const position = positions[datagram.side];
    positions[datagram.side] += datagram.wire;
    return { ...datagram, kind: "datagram", position };
  });
}

function chunkOf(part: Part, number: number, numberOf: NumberOf): Said["chunks"][number] {
  const { kind, side, position } = part;
  const place = { number, kind, side: SIDES[side], ...seenOf(part, numberOf), position };
  if (part.kind === "gap") return { ...place, length: part.length, reason: part.reason };
  const said = { ...place, length: part.bytes.length, bytes: base64(part.bytes) };
  if (part.kind === "datagram" && part.short !== undefined) return { ...said, reason: part.short };
  if (part.kind !== "bytes" || part.conflicts.length === 0) return said;
  return {
    ...said,
    conflicts: part.conflicts.map((conflict) => ({
      position: conflict.position,
      kept: base64(conflict.kept),
      other: base64(conflict.other),
      because: conflict.because,
      keptPacket: numberOf(conflict.keptPacket),
      otherPacket: numberOf(conflict.otherPacket),
    })),
  };
}

function markOf(mark: Mark, numberOf: NumberOf): Said["marks"][number] {
  const { kind, side, position, length } = mark;
  // What lies in front of the first byte of a stream has a place below 0.
  return { kind, side: SIDES[side], ...seenOf(mark, numberOf), position: Math.max(0, position), length };
}

export function seenOf({ micros, packet }: Seen, numberOf: NumberOf): { time: number; packet: number } {
  return { time: micros / 1000, packet: numberOf(packet) };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** What one side said, without what is missing. */
export function sideOf(
  gathered: GatheredConversation,
  side: "client" | "server",
): { bytes: Uint8Array; missing: number } {
  const own = partsOf(gathered).filter((part) => SIDES[part.side] === side && part.kind !== "reset");
  const bytes = Buffer.concat(own.flatMap((part) => (part.kind === "gap" ? [] : [part.bytes])));
  return { bytes, missing: totalsOf(gathered)[side === "client" ? 0 : 1].missing };
}

type Timing = z.output<(typeof getTiming)["response"]>;

/** When a conversation happened. @param wanted how many buckets bytes are counted in */
export function timingOf(
  gathered: GatheredConversation,
  number: number,
  numberOf: NumberOf,
  wanted: number,
): Timing {
  const parts = partsOf(gathered).filter((part) => part.kind === "bytes" || part.kind === "datagram");
  const firstByte = ([0, 1] as const).map((side) => parts.find((part) => part.side === side)?.micros);
  const [asked, answered] = firstByte;
  const { first, last } = gathered;
  const width = first === last ? 0 : Math.floor((last - first) / wanted) + 1;
  const buckets = new Map<number, { from: number; client: number; server: number }>();
  for (const { micros, side, bytes } of parts) {
    const place = width === 0 ? 0 : Math.floor((micros - first) / width);
    const bucket = buckets.get(place) ?? { from: (first + place * width) / 1000, client: 0, server: 0 };
    bucket[SIDES[side]] += bytes.length;
    buckets.set(place, bucket);
  }
  const marks = gathered.protocol === "tcp" ? gathered.conversation.marks : [];
  const handshake = handshakeOf(marks, gathered);
  const told = marks.filter(({ kind }) => kind !== "syn" && kind !== "fin");
  return {
    stream: number,
    ...(handshake === undefined ? {} : { handshake }),
    ...(asked === undefined || answered === undefined || answered < asked
      ? {}
      : { firstByte: (answered - asked) / 1000 }),
    marks: told.slice(0, MOST_MARKS).map((mark) => markOf(mark, numberOf)),
    marksLeftOut: Math.max(0, told.length - MOST_MARKS) + forgottenMarks(gathered),
    interval: width / 1000,
    buckets: [...buckets].sort(([one], [other]) => one - other).map(([, bucket]) => bucket),
  };
}

function handshakeOf(marks: readonly Mark[], { sides, times }: GatheredConversation): Timing["handshake"] {
  const asked = marks.find(({ kind, side }) => kind === "syn" && side === 0)?.micros;
  const answered = marks.find(({ kind, side }) => kind === "syn" && side === 1)?.micros;
  if (asked === undefined || answered === undefined || answered < asked) return undefined;
  const acknowledged = times.find((time, at) => sides[at] === 0 && time > answered);
  return {
    toServer: (answered - asked) / 1000,
    ...(acknowledged === undefined ? {} : { toClient: (acknowledged - answered) / 1000 }),
  };
}
