import { hash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Secrets } from "../../../pcap/formats/report.ts";
import { emptyPackets, type Packets } from "../../../pcap/packets.ts";
import { errorCode } from "../../folder.ts";
import type {
  PacketReader as Contract,
  PacketQuery,
  QueryProgress,
  StoredInterface,
  StoredPackets,
} from "../contract.ts";
import { KIND, SEGMENT_HEADER_BYTES, unpackBlock } from "./block.ts";
import { BlockReader } from "./block-reader.ts";
import type { SegmentKey } from "./cipher.ts";
import { readDirectory } from "./directory.ts";
import { type BlockPlace, decodeIndexHeader, INDEX_HEADER_BYTES, type IndexHeader } from "./index-file.ts";
import { mayMatch, packetsOf, readBlocks } from "./index-search.ts";
import { indexPath, listSegments, type SegmentName, segmentPath } from "./names.ts";
import { readAhead } from "./read-ahead.ts";
import { openSegmentHeader, readInterface, readSecrets, type SegmentProblem } from "./segment-file.ts";
import { filterIn, openSegmentIndex } from "./segment-index.ts";
import { readSummaries, summaryOf } from "./summaries.ts";

/** Segments whose indices, and blocks of a segment that are read at once, while those before them are looked at. */
const SEGMENTS_AHEAD = 4;
const BLOCKS_AHEAD = 16;
/** Bytes of a block of which it is not said how many it has. */
const LIKELY_BYTES = 1 << 18;
/** Problems that a query keeps: one damaged segment may have thousands. The others are counted. */
const MOST_PROBLEMS = 20;

/** Finds packets. It reads in the thread that calls it, and waits for the disk: threads that answer others give it to one of their own. */
export class PacketReader implements Contract {
  readonly #folder: string;
  readonly #secret: string | undefined;
  readonly #problems: string[] = [];
  #moreProblems = 0;
  #bytes = 0;
  #done = 0;

  constructor(folder: string, secret: string | undefined) {
    this.#folder = folder;
    this.#secret = secret;
  }

  get progress(): QueryProgress {
    const more = this.#moreProblems;
    const problems = more === 0 ? this.#problems : [...this.#problems, `there are ${more} more problems`];
    return { bytes: this.#bytes, done: this.#done, problems };
  }

  /**
   * Packets that may match, oldest segment first: those of the time that one of the needs asks for, by the index where there is one, all of the time in the
   * segment that is being written. What comes is valid until the next is asked for.
   */
  *find(query: PacketQuery): Generator<StoredPackets> {
    const segments = listSegments(this.#folder).map((segment) => ({
      ...segment,
      bytes: this.#size(segment),
    }));
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [file, those] of Map.groupBy(segments, summaryOf)) {
      const summed = this.#summed(file, query);
      // One whose index is lost may have been written again; what there is of it is looked at.
      const left = those.filter(({ name, isSealed }) => !isSealed || summed.get(name) !== "ruled out");
      let ahead = 0;
      for (const segment of those) {
        const before = this.#done;
        const place = left.indexOf(segment);
        if (place >= 0) {
          for (; ahead < Math.min(left.length, place + SEGMENTS_AHEAD); ahead++)
            this.#readAhead(left[ahead] as SegmentName, summed);
          yield* this.#findIn(segment, query, summed.has(segment.name));
        }
        this.#done = before + segment.bytes;
      }
    }
  }

  /**
   * What the summaries say of segments: that they have nothing that is asked for, as most of them, and none of these is opened; of the others how long
   * the parts of their indices are.
   */
  #summed(file: number, query: PacketQuery): Map<string, IndexHeader | "ruled out"> {
    const summed = new Map<string, IndexHeader | "ruled out">();
    const { from, to, needs } = query;
    if (from === undefined && to === undefined && needs === undefined) return summed;
    for (const { name, segmentHeader, indexHeader, first } of readSummaries(this.#folder, file)) {
      const header = decodeIndexHeader(indexHeader);
      const opened = openSegmentHeader(segmentHeader, this.#secret);
      // Opening it tells what is wrong with it.
      if (header === undefined || typeof opened === "string") continue;
      const filter = needs && filterIn(indexHeader, header, first, opened.key);
      const lacks = needs !== undefined && filter !== undefined && !mayMatch(filter, header, needs);
      summed.set(name, lacks || !overlaps(header, query) ? "ruled out" : header);
    }
    return summed;
  }

  /** Has what a search first reads of a segment read while others are looked at: the second part of its index, and its beginning. */
  #readAhead({ name }: SegmentName, summed: ReadonlyMap<string, IndexHeader | "ruled out">): void {
    const header = summed.get(name);
    if (header === undefined || header === "ruled out") return;
    const second = { at: INDEX_HEADER_BYTES + header.firstBytes, length: header.secondBytes };
    readAhead(indexPath(this.#folder, name), [{ at: 0, length: INDEX_HEADER_BYTES }, second]);
    readAhead(segmentPath(this.#folder, name), [{ at: 0, length: SEGMENT_HEADER_BYTES }]);
  }

  secrets(times: Pick<PacketQuery, "from" | "to">): readonly Secrets[] {
    const found = new Map<string, Secrets>();
    for (const { name, isSealed } of listSegments(this.#folder)) {
      using index = isSealed ? openSegmentIndex(this.#folder, name) : undefined;
      if (index !== undefined && !overlaps(index.header, times)) continue;
      const opened = this.#open(name);
      if (opened === undefined) continue;
      using _file = { [Symbol.dispose]: () => closeSync(opened.file) };
      const reader = new BlockReader(opened.file);
      const second = index?.second(opened.key);
      const blocks =
        index === undefined || second === undefined
          ? reader.all()
          : withoutPackets(reader, readBlocks(second, index.header));
      for (const block of blocks) {
        const secrets = readSecrets(block, opened.key);
        if (secrets !== undefined) found.set(`${secrets.type} ${hash("sha256", secrets.bytes)}`, secrets);
      }
    }
    return [...found.values()];
  }

  /** @param isSummed whether its summary was looked at, and does not rule it out */
  *#findIn({ name, isSealed }: SegmentName, query: PacketQuery, isSummed: boolean): Generator<StoredPackets> {
    using index = isSealed ? openSegmentIndex(this.#folder, name) : undefined;
    if (index !== undefined && !overlaps(index.header, query)) return;
    const { needs } = query;
    const rulesOut = (key: SegmentKey | undefined) => {
      const filter = isSummed ? undefined : needs && index?.filter(key);
      if (needs === undefined || index === undefined || filter === undefined) return false;
      return !mayMatch(filter, index.header, needs);
    };
    // Most segments do not have what is asked for, and need not be opened to tell.
    const isEncrypted = index?.header.isEncrypted === true;
    if (!isEncrypted && rulesOut(undefined)) return;
    const opened = this.#open(name);
    if (opened === undefined) return;
    using _file = { [Symbol.dispose]: () => closeSync(opened.file) };
    const { file, key } = opened;
    if (isEncrypted && rulesOut(key)) return;
    const second = index?.second(key);
    if (isSealed && second === undefined)
      this.#tell(`the index of segment ${name} cannot be read, so all of its packets were looked at`);
    const segment = { name, file, key };
    if (index === undefined || second === undefined) yield* this.#scan(segment, query);
    else if (needs === undefined) yield* this.#blocks(segment, readBlocks(second, index.header), query);
    else {
      const packets = packetsOf(second, index.header, needs);
      yield* this.#blocks(segment, readBlocks(second, index.header), query, packets);
    }
  }

  /** Reads the blocks that have packets of the time, and of those named if some are: by their numbers in the segment, ascending. */
  *#blocks(
    { name, file, key }: OpenSegment,
    blocks: readonly BlockPlace[],
    query: PacketQuery,
    wanted?: Uint32Array,
  ): Generator<StoredPackets> {
    const reader = new BlockReader(file);
    let found: StoredPackets | undefined;
    const sought = soughtOf(blocks, query, wanted);
    for (const [place, { block, length, numbers }] of sought.entries()) {
      if (place % BLOCKS_AHEAD === 0 && sought.length > 1)
        readAhead(
          segmentPath(this.#folder, name),
          sought
            .slice(place, place + BLOCKS_AHEAD)
            .map(({ block: { at }, length = LIKELY_BYTES }) => ({ at, length })),
        );
      found ??= emptyStored(interfacesOf(reader, key, blocks));
      const read = reader.known(block.at, length);
      const raw = read?.bytes && unpackBlock(read.bytes, read.header, key);
      if (read === undefined || raw === undefined || !readDirectory(raw, read.header, found)) {
        this.#tell(`${block.packets} packets of segment ${name} are damaged and left out`);
        continue;
      }
      keep(found, query, numbers, block.before);
      if (found.count > 0) yield found;
    }
  }

  /** Reads a segment from its beginning, without an index. */
  *#scan({ name, file, key }: OpenSegment, query: PacketQuery): Generator<StoredPackets> {
    const interfaces: StoredInterface[] = [];
    const packets = emptyStored(interfaces);
    for (const { at, end, header, bytes } of new BlockReader(file).all()) {
      const found = readInterface({ header, bytes }, key);
      if (found !== undefined) interfaces.push(found);
      if (header.kind !== KIND.packets || !overlaps(header, query)) continue;
      const raw = bytes && unpackBlock(bytes, header, key);
      if (raw === undefined || !readDirectory(raw, header, packets)) {
        const what = header.packets > 0 ? `${header.packets} packets` : `${end - at} bytes`;
        this.#tell(`${what} of segment ${name} are damaged and left out`);
        continue;
      }
      keep(packets, query);
      if (packets.count > 0) yield packets;
    }
  }

  #open(name: string): { readonly file: number; readonly key: SegmentKey | undefined } | undefined {
    let file: number;
    try {
      file = openSync(segmentPath(this.#folder, name), "r");
    } catch (error) {
      // One that does not exist was the oldest, and was dropped since the search began.
      const code = errorCode(error);
      if (code !== "ENOENT") this.#tell(`segment ${name} cannot be opened and is left out: ${code}`);
      return undefined;
    }
    const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const read = readSync(file, header, 0, header.length, 0);
    const opened = openSegmentHeader(header.subarray(0, read), this.#secret);
    if (typeof opened !== "string") return { file, key: opened.key };
    // The header of a segment that was just begun is not written yet.
    if (opened !== "no segment" || read > 0) this.#tell(`segment ${name} ${SENTENCES[opened]}`);
    closeSync(file);
    return undefined;
  }

  #size({ name }: SegmentName): number {
    try {
      return statSync(segmentPath(this.#folder, name)).size;
    } catch {
      // Opening it tells why, unless it was dropped.
      return 0;
    }
  }

  #tell(problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
    else this.#moreProblems++;
  }
}

/** A block that is read: how long it is, and the numbers of the packets that are wanted of it. */
type Sought = {
  readonly block: BlockPlace;
  readonly length: number | undefined;
  readonly numbers: Uint32Array | undefined;
};

/** The blocks that have packets of the time, and of those that are wanted, if only some are. */
function soughtOf(blocks: readonly BlockPlace[], query: PacketQuery, wanted?: Uint32Array): Sought[] {
  const sought: Sought[] = [];
  let next = 0;
  for (const [index, block] of blocks.entries()) {
    const first = next;
    if (wanted !== undefined) {
      while (next < wanted.length && (wanted[next] as number) < block.before + block.packets) next++;
      if (next === first) continue;
    }
    if (block.packets === 0 || !overlaps(block, query)) continue;
    sought.push({ block, length: lengthOf(blocks, index), numbers: wanted?.subarray(first, next) });
  }
  return sought;
}

/** How many bytes a block has, for all that is known: of the last one that is not said. */
function lengthOf(blocks: readonly BlockPlace[], index: number): number | undefined {
  const next = blocks[index + 1];
  return next && next.at - (blocks[index]?.at ?? 0);
}

/** The blocks of a segment that tell of something else than packets; each is valid until the next is asked for. */
function* withoutPackets(reader: BlockReader, blocks: readonly BlockPlace[]) {
  for (const [index, { at, packets }] of blocks.entries()) {
    const block = packets === 0 ? reader.known(at, lengthOf(blocks, index)) : undefined;
    if (block !== undefined) yield block;
  }
}

function interfacesOf(
  reader: BlockReader,
  key: SegmentKey | undefined,
  blocks: readonly BlockPlace[],
): StoredInterface[] {
  const found: StoredInterface[] = [];
  for (const block of withoutPackets(reader, blocks)) {
    const described = readInterface(block, key);
    if (described !== undefined) found.push(described);
  }
  return found;
}

function emptyStored(interfaces: readonly StoredInterface[]): StoredPackets {
  return { ...emptyPackets(0, interfaces), seen: interfaces };
}

type OpenSegment = { readonly name: string; readonly file: number; readonly key: SegmentKey | undefined };

const SENTENCES: Record<SegmentProblem, string> = {
  "no segment": "does not begin as segments do and is left out",
  newer: "was written by a later version and is left out",
  "no key": "is encrypted, and no secret is configured: it is left out",
  "wrong key": "is encrypted with another secret than the one configured: it is left out",
};

function overlaps(
  times: { readonly minTime: number; readonly maxTime: number },
  { from, to }: PacketQuery,
): boolean {
  return (from === undefined || times.maxTime >= from) && (to === undefined || times.minTime <= to);
}

/** Keeps of the packets of a block those of the time, and of those that are wanted: numbers in the segment, of which the block's first is `before`. */
function keep(packets: Packets, { from, to }: PacketQuery, wanted?: Uint32Array, before = 0): void {
  const isAll = wanted === undefined && from === undefined && to === undefined;
  if (isAll) return;
  const count = wanted?.length ?? packets.count;
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const row = wanted === undefined ? index : (wanted[index] as number) - before;
    const micros = packets.micros[row] as number;
    if ((from !== undefined && micros < from) || (to !== undefined && micros > to)) continue;
    packets.starts[kept] = packets.starts[row] as number;
    packets.captured[kept] = packets.captured[row] as number;
    packets.original[kept] = packets.original[row] as number;
    packets.micros[kept] = micros;
    packets.nanos[kept] = packets.nanos[row] as number;
    packets.interfaces[kept] = packets.interfaces[row] as number;
    kept++;
  }
  packets.count = kept;
}
