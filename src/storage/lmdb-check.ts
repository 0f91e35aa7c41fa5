import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/**
 * Checks an LMDB file before it is mapped into memory, where a damaged page would end the process instead of
 * raising an error. The layout is that of the LMDB inside the `lmdb` package (mdb.c: MDB_page_header, MDB_node,
 * MDB_meta, MDB_db, MDB_ovpage) on 64-bit little-endian processors.
 *
 * Every inner page is checked, and leaves up to 256 MB of them; beyond that, that they exist. Answers what is wrong,
 * or `undefined`. Costs some 4 µs per page.
 */
export function findDamage(path: string): string | undefined {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size === 0) return "it is empty (0 bytes)";
    const first = readMeta(file, 0);
    const second = first && readMeta(file, first.pageSize);
    if (first === undefined || second === undefined) return "its header is damaged";
    const { pageSize, roots } = first.transaction > second.transaction ? first : second;
    const check: Check = {
      file,
      size,
      pageSize,
      page: Buffer.alloc(pageSize),
      leaves: MOST_LEAVES,
      trees: [...roots],
    };
    for (let tree = check.trees.pop(); tree !== undefined; tree = check.trees.pop()) {
      const damage = checkTree(tree, check);
      if (damage !== undefined) return damage;
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

const MAGIC = 0xbeefc0de;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const MOST_LEAVES = 65_536;
const HEADER = 24;
const NODE_HEADER = 8;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const META = 8;
const BIG_DATA = 1;
const SUB_DATABASE = 2;

type Tree = { readonly root: number; readonly depth: number };
type Meta = { readonly pageSize: number; readonly transaction: number; readonly roots: readonly Tree[] };
type Check = {
  readonly file: number;
  readonly size: number;
  readonly pageSize: number;
  readonly page: Buffer;
  leaves: number;
  /** Trees found and not checked yet. */
  readonly trees: Tree[];
};

function readMeta(file: number, position: number): Meta | undefined {
  const page = Buffer.alloc(160);
  if (readSync(file, page, 0, page.length, position) < page.length) return undefined;
  if (page.readUInt32LE(24) !== MAGIC || (page.readUInt16LE(18) & META) === 0) return undefined;
  const pageSize = page.readUInt32LE(48);
  if (pageSize < 512 || pageSize > 65_536) return undefined;
  const roots = [readTree(page, 48), readTree(page, 96)].filter((tree) => tree !== undefined);
  return { pageSize, transaction: Number(page.readBigUInt64LE(152)), roots };
}

/** The tree of an MDB_db record; none while it is empty. */
function readTree(bytes: Buffer, at: number): Tree | undefined {
  const root = bytes.readBigUInt64LE(at + 40);
  return root === NO_PAGE ? undefined : { root: Number(root), depth: bytes.readUInt16LE(at + 6) };
}

function checkTree(tree: Tree, check: Check): string | undefined {
  let level = [tree.root];
  for (let depth = 1; depth <= tree.depth; depth++) {
    const isLeaf = depth === tree.depth;
    const children: number[] = [];
    for (const number of level) {
      if ((number + 1) * check.pageSize > check.size) return `its page ${number} is missing`;
      if (isLeaf && check.leaves-- <= 0) continue;
      if (!readPage(number, check) || !checkNodes(isLeaf, check, children))
        return `its page ${number} is damaged`;
    }
    level = children;
  }
  return undefined;
}

/** Loads a page; false if it is not the one that belongs there. */
function readPage(number: number, check: Check): boolean {
  const { file, page, pageSize } = check;
  if (readSync(file, page, 0, pageSize, number * pageSize) < pageSize) return false;
  return page.readBigUInt64LE(0) === BigInt(number);
}

/** Checks that everything in the loaded page is within it, and notes the pages and trees it points to. */
function checkNodes(isLeaf: boolean, check: Check, children: number[]): boolean {
  const { page, pageSize } = check;
  if ((page.readUInt16LE(18) & (BRANCH | LEAF | OVERFLOW | META)) !== (isLeaf ? LEAF : BRANCH)) return false;
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
  if (lower > upper || upper > pageSize - HEADER || (!isLeaf && lower < 4)) return false;
  const big: number[] = [];
  for (let at = HEADER; at < HEADER + lower; at += 2) {
    const node = HEADER + page.readUInt16LE(at);
    if (node < HEADER + upper || node + NODE_HEADER > pageSize) return false;
    const low = page.readUInt32LE(node);
    const flags = page.readUInt16LE(node + 4);
    const end = node + NODE_HEADER + page.readUInt16LE(node + 6);
    if (end > pageSize) return false;
    if (!isLeaf) {
      children.push(low + flags * 2 ** 32);
      continue;
    }
    if (end + ((flags & BIG_DATA) === 0 ? low : HEADER) > pageSize) return false;
    if ((flags & BIG_DATA) !== 0)
      big.push(Number(page.readBigUInt64LE(end)), Number(page.readBigUInt64LE(end + 16)));
    else if ((flags & SUB_DATABASE) !== 0) {
      if (low !== 48) return false;
      const tree = readTree(page, end);
      if (tree !== undefined) check.trees.push(tree);
    }
  }
  return checkBig(big, check);
}

/** Checks the runs of pages that hold large values: number of the first and how many, in turn. */
function checkBig(runs: readonly number[], check: Check): boolean {
  const header = Buffer.alloc(HEADER);
  for (let index = 0; index < runs.length; index += 2) {
    const [number, pages] = [runs[index] as number, runs[index + 1] as number];
    if ((number + pages) * check.pageSize > check.size) return false;
    readSync(check.file, header, 0, HEADER, number * check.pageSize);
    if (header.readBigUInt64LE(0) !== BigInt(number) || (header.readUInt16LE(18) & OVERFLOW) === 0)
      return false;
    if (header.readUInt32LE(20) !== pages) return false;
  }
  return true;
}
