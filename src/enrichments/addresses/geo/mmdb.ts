import { Reader } from "mmdb-lib";
import { RangeBuilder, type RangeTable, sharedBytes } from "../ranges.ts";

/**
 * A MaxMind DB (version 2.0 of the format) with its search tree flattened to sorted ranges. Records stay encoded and
 * are decoded when an address first asks for one: the free city database has 425,000 of them, a day sees thousands.
 */
export type FlatDatabase = {
  readonly ipv4: RangeTable;
  readonly ipv6: RangeTable;
  /** Offset of each record in `data`; a value `v` of the ranges is record `v - 1`. */
  readonly records: Uint32Array<SharedArrayBuffer>;
  readonly data: Uint8Array<SharedArrayBuffer>;
};

const MARKER = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
const SEPARATOR = 16;

/** Flattens a database; throws a plain Error when the bytes are none. */
export function flattenMmdb(bytes: Buffer): FlatDatabase {
  const tree = openTree(bytes);
  const records: number[] = [];
  // By offset in the data: a plain array is several times as fast as a map, and is gone after loading.
  const known = new Uint32Array(tree.data.length);
  const recordAt = (node: number): number => {
    if (node <= tree.count) return 0;
    const offset = node - tree.count - SEPARATOR;
    const value = known[offset];
    if (value === undefined) throw new Error("a record lies outside the file");
    if (value !== 0) return value;
    known[offset] = records.push(offset);
    return records.length;
  };

  const ipv4 = new RangeBuilder(4);
  const walkIpv4 = (node: number, depth: number, address: number): void => {
    if (node >= tree.count || depth === 32) {
      ipv4.add(address, 0, recordAt(node));
      return;
    }
    walkIpv4(tree.child(node, 0), depth + 1, address);
    walkIpv4(tree.child(node, 1), depth + 1, (address | (1 << (31 - depth))) >>> 0);
  };
  walkIpv4(tree.ipv4Root, 0, 0);

  const ipv6 = new RangeBuilder(6);
  const walkIpv6 = (node: number, depth: number, high: number, low: number): void => {
    // The IPv4 part hangs in the tree under ::/96 and, in MaxMind's files, again under 6to4 and Teredo prefixes.
    if (node === tree.ipv4Root && depth > 0) ipv6.add(high, low, 0);
    else if (node >= tree.count) ipv6.add(high, low, recordAt(node));
    else if (depth === 64) ipv6.add(high, low, recordAt(tree.firstRecord(node)));
    else {
      walkIpv6(tree.child(node, 0), depth + 1, high, low);
      if (depth < 32) walkIpv6(tree.child(node, 1), depth + 1, (high | (1 << (31 - depth))) >>> 0, low);
      else walkIpv6(tree.child(node, 1), depth + 1, high, (low | (1 << (63 - depth))) >>> 0);
    }
  };
  if (tree.version === 6) walkIpv6(0, 0, 0, 0);

  const offsets = new Uint32Array(new SharedArrayBuffer(records.length * 4));
  offsets.set(records);
  return { ipv4: ipv4.build(), ipv6: ipv6.build(), records: offsets, data: sharedBytes(tree.data) };
}

type Tree = {
  readonly version: 4 | 6;
  /** Numbers below are nodes, this one is "nothing known", those above are records. */
  readonly count: number;
  readonly ipv4Root: number;
  readonly child: (node: number, side: 0 | 1) => number;
  readonly firstRecord: (node: number) => number;
  readonly data: Uint8Array;
};

function openTree(bytes: Buffer): Tree {
  const marker = bytes.lastIndexOf(MARKER);
  if (marker < 0) throw new Error("not an MMDB file");
  const { nodeCount: count, recordSize, searchTreeSize, ipVersion } = new Reader(bytes).metadata;
  const child = childReader(bytes, recordSize);
  let ipv4Root = 0;
  if (ipVersion === 6) {
    for (let depth = 0; depth < 96 && ipv4Root < count; depth++) ipv4Root = child(ipv4Root, 0);
  }
  const firstRecord = (node: number): number => {
    if (node >= count) return node;
    const left = firstRecord(child(node, 0));
    return left === count ? firstRecord(child(node, 1)) : left;
  };
  return {
    version: ipVersion === 6 ? 6 : 4,
    count,
    ipv4Root,
    child,
    firstRecord,
    data: bytes.subarray(searchTreeSize + SEPARATOR, marker),
  };
}

/** Reads one side of a node, for each of the format's three record sizes. Reads stay inside the tree. */
function childReader(bytes: Buffer, recordSize: number): (node: number, side: 0 | 1) => number {
  const at = (index: number): number => bytes[index] as number;
  switch (recordSize) {
    case 24:
      return (node, side) => {
        const offset = node * 6 + side * 3;
        return (at(offset) << 16) | (at(offset + 1) << 8) | at(offset + 2);
      };
    case 28:
      return (node, side) => {
        const offset = node * 7;
        const shared = at(offset + 3);
        return side === 0
          ? ((shared & 0xf0) << 20) | (at(offset) << 16) | (at(offset + 1) << 8) | at(offset + 2)
          : ((shared & 0x0f) << 24) | (at(offset + 4) << 16) | (at(offset + 5) << 8) | at(offset + 6);
      };
    case 32:
      return (node, side) => bytes.readUInt32BE(node * 8 + side * 4);
    default:
      throw new Error(`record size ${recordSize} is not part of the MMDB format`);
  }
}
