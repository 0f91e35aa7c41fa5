/** Puts IP datagrams together that came in fragments. */
import type { Layers } from "../layers.ts";
import { copyBytes, emptyPackets, type Packets } from "../packets.ts";
import { type Fragment, fragmentAt, wholePacket } from "./fragment.ts";
import { difference, type Extent, laterWins, type OverlapPolicy } from "./overlap.ts";
import type { Seen } from "./segment.ts";
import { type Placed, SortedPieces } from "./sorted-pieces.ts";

export type DefragmentOptions = {
  /** Which copy counts where fragments lie over each other; of IPv6 such datagrams are dropped, as RFC 8200 (4.5) demands. */
  readonly policy: OverlapPolicy;
  /** Bytes that unfinished datagrams may take together; the oldest is dropped for a newer one. */
  readonly bytes: number;
  /** Seconds after which an unfinished datagram is dropped; RFC 8200 gives a minute, Linux half of it. */
  readonly seconds: number;
};

const OPTIONS: DefragmentOptions = { policy: "first", bytes: 64 * 2 ** 20, seconds: 60 };

/** Bytes that an unfinished datagram, and a piece of one, takes beside its payload: as measured, for those of IPv6, which take more. */
const DATAGRAM_OVERHEAD = 2_048;
const PIECE_OVERHEAD = 256;

/** The longest payload of a datagram, whose length has 16 bits. */
const LONGEST = 65_535;

/** A datagram put together. Its time is that of the fragment that completed it. */
export type WholeDatagram = Seen & {
  /** The IP packet, as if it had never been in fragments. */
  readonly bytes: Uint8Array;
  /** The packets its fragments came in, as they were captured. */
  readonly packets: readonly number[];
  /** Bytes that came more than once, and stretches of them that differed. */
  readonly repeated: number;
  readonly conflicts: number;
  /** The first fragment is too short for a header of TCP: a way past filters (RFC 1858). */
  readonly isTiny: boolean;
};

/** What was dropped: fragments by what is wrong with them, and whole datagrams. */
export type DefragmentDropped = {
  /** Fragments whose headers contradict themselves, and which the capture cut. */
  broken: number;
  cut: number;
  /** Fragments that reach behind the longest datagram there can be, or behind the end that another told. */
  overlong: number;
  behindEnd: number;
  /** Datagrams of IPv6 whose fragments lie over each other. */
  overlapping: number;
  /** Unfinished datagrams: too old, too much for the memory, and open at the end of the capture. */
  expired: number;
  limit: number;
  unfinished: number;
};

export type Defragmenter = {
  /**
   * Takes in a row with `FLAG.fragment` and returns the datagram that it completes.
   *
   * @param number of the packet in its capture
   */
  add(packets: Packets, layers: Layers, row: number, number: number): WholeDatagram | undefined;
  /** Counts what is unfinished as dropped. */
  end(): void;
  readonly dropped: Readonly<DefragmentDropped>;
};

type Stretch = Placed & { readonly extent: Extent };

type Unfinished = {
  readonly pieces: SortedPieces<Stretch>;
  readonly packets: number[];
  readonly since: number;
  payload: Uint8Array;
  first: Fragment | undefined;
  firstLength: number;
  /** The length of the payload, once the last fragment told it. */
  end: number | undefined;
  there: number;
  held: number;
  repeated: number;
  conflicts: number;
};

/** Opens a defragmenter; memory and age of what is unfinished are bounded. */
export function openDefragmenter(options: Partial<DefragmentOptions> = {}): Defragmenter {
  const { policy, bytes: limit, seconds } = { ...OPTIONS, ...options };
  /** The oldest first. */
  const unfinished = new Map<string, Unfinished>();
  const dropped: DefragmentDropped = {
    broken: 0,
    cut: 0,
    overlong: 0,
    behindEnd: 0,
    overlapping: 0,
    expired: 0,
    limit: 0,
    unfinished: 0,
  };
  let held = 0;

  const forget = (key: string, datagram: Unfinished) => {
    unfinished.delete(key);
    held -= datagram.held;
  };
  const dropOld = (micros: number) => {
    for (const [key, datagram] of unfinished) {
      if (micros - datagram.since > seconds * 1e6) dropped.expired++;
      else if (held > limit) dropped.limit++;
      else return;
      forget(key, datagram);
    }
  };

  return {
    dropped,
    add(packets, layers, row, number) {
      const micros = packets.micros[layers.packet[row]!]!;
      const nanos = packets.nanos[layers.packet[row]!]!;
      const fragment = fragmentAt(packets, layers, row);
      dropOld(micros);
      if (typeof fragment === "string") {
        dropped[fragment]++;
        return undefined;
      }
      const reason = wrongWith(fragment);
      if (reason !== undefined) {
        dropped[reason]++;
        return undefined;
      }
      const datagram = unfinished.get(fragment.key) ?? begun(micros);
      const finish = fragment.offset + fragment.payload.length;
      const end = fragment.more ? datagram.end : (datagram.end ?? finish);
      if (
        end !== undefined &&
        (finish > end || (!fragment.more && finish !== end) || (datagram.pieces.last()?.end ?? 0) > end)
      ) {
        dropped.behindEnd++;
        return undefined;
      }
      datagram.end = end;
      datagram.packets.push(number);
      const before = unfinished.has(fragment.key) ? datagram.held : 0;
      const overlaps = lay(datagram, fragment, policy);
      held += datagram.held - before;
      unfinished.set(fragment.key, datagram);
      if (overlaps && fragment.nextAt >= 0) {
        dropped.overlapping++;
        forget(fragment.key, datagram);
        return undefined;
      }
      if (datagram.first === undefined || datagram.there !== datagram.end) {
        dropOld(micros);
        return undefined;
      }
      forget(fragment.key, datagram);
      return {
        bytes: wholePacket(datagram.first, datagram.payload.subarray(0, datagram.end)),
        packets: datagram.packets,
        repeated: datagram.repeated,
        conflicts: datagram.conflicts,
        isTiny: datagram.firstLength < 20 && datagram.end > datagram.firstLength,
        micros,
        nanos,
        packet: number,
      };
    },
    end() {
      dropped.unfinished += unfinished.size;
      unfinished.clear();
      held = 0;
    },
  };
}

/** Says what was dropped, a sentence for each kind; nothing when all was put together. */
export function describeDropped(dropped: DefragmentDropped): readonly string[] {
  const { unfinished, expired, limit, broken, overlong, behindEnd, cut, overlapping } = dropped;
  const sentences: [count: number, sentence: string][] = [
    [unfinished + expired, "fragmented datagrams miss fragments"],
    [limit, "fragmented datagrams were more than fit into memory"],
    [broken + overlong + behindEnd, "fragments contradict themselves"],
    [cut, "fragments were cut by the capture"],
    [overlapping, "datagrams of IPv6 have fragments that lie over each other"],
  ];
  return sentences.flatMap(([count, sentence]) => (count === 0 ? [] : [`${count} ${sentence}`]));
}

/** Datagrams as a block of raw IP packets (LINKTYPE_RAW), to be decoded like any other. */
export function datagramBlock(datagrams: readonly WholeDatagram[]): Packets {
  const block = emptyPackets(datagrams.length, [{ linkType: 101, snapLength: 0 }]);
  block.bytes = new Uint8Array(datagrams.reduce((sum, { bytes }) => sum + bytes.length, 0));
  block.count = datagrams.length;
  let at = 0;
  for (const [row, { bytes, micros, nanos }] of datagrams.entries()) {
    block.bytes.set(bytes, at);
    block.starts[row] = at;
    block.captured[row] = bytes.length;
    block.original[row] = bytes.length;
    block.micros[row] = micros;
    block.nanos[row] = nanos;
    at += bytes.length;
  }
  return block;
}

function wrongWith({ offset, payload, more }: Fragment): "broken" | "overlong" | undefined {
  if (more && payload.length % 8 !== 0) return "broken";
  return offset + payload.length > LONGEST ? "overlong" : undefined;
}

function begun(since: number): Unfinished {
  return {
    pieces: new SortedPieces<Stretch>(),
    packets: [],
    since,
    payload: new Uint8Array(0),
    first: undefined,
    firstLength: 0,
    end: undefined,
    there: 0,
    held: DATAGRAM_OVERHEAD,
    repeated: 0,
    conflicts: 0,
  };
}

/** Lays a fragment into its datagram and tells whether it lies over others without being the same. */
function lay(datagram: Unfinished, fragment: Fragment, policy: OverlapPolicy): boolean {
  const from = fragment.offset;
  const to = from + fragment.payload.length;
  if (datagram.payload.length < to) {
    const grown = new Uint8Array(Math.min(LONGEST, Math.max(to, datagram.payload.length * 2)));
    grown.set(datagram.payload);
    datagram.held += grown.length - datagram.payload.length;
    datagram.payload = grown;
  }
  datagram.held += PIECE_OVERHEAD;
  if (from === 0 && (datagram.first === undefined || policy === "last")) {
    datagram.first = {
      ...fragment,
      header: copyBytes(fragment.header, 0, fragment.header.length),
      // A part of the fragment, even an empty one, would keep the whole block that it came in.
      payload: new Uint8Array(0),
    };
    datagram.firstLength = to;
  }
  const others = datagram.pieces.overlapping(from, to);
  let at = from;
  let isSame = true;
  const take = (start: number, end: number) => {
    if (start >= end) return;
    datagram.payload.set(fragment.payload.subarray(start - from, end - from), start);
    datagram.pieces.insert({ start, end, extent: { from, to } });
    datagram.there += end - start;
  };
  for (const other of others) {
    const start = Math.max(from, other.start);
    const end = Math.min(to, other.end);
    datagram.repeated += end - start;
    const differs =
      difference(fragment.payload, start - from, datagram.payload, start, end - start) !== undefined;
    if (differs) datagram.conflicts++;
    isSame &&= !differs && other.extent.from === from && other.extent.to === to;
    take(at, start);
    if (laterWins(policy, other.extent, { from, to })) {
      datagram.payload.set(fragment.payload.subarray(start - from, end - from), start);
      replace(datagram.pieces, other, { start, end, extent: { from, to } });
    }
    at = end;
  }
  take(at, to);
  return others.length > 0 && !isSame;
}

/** Puts a stretch in the place of a part of another. */
function replace(pieces: SortedPieces<Stretch>, other: Stretch, stretch: Stretch): void {
  const { start, end, extent } = other;
  pieces.remove(other);
  if (start < stretch.start) pieces.insert({ start, end: stretch.start, extent });
  pieces.insert(stretch);
  if (stretch.end < end) pieces.insert({ start: stretch.end, end, extent });
}
