import { REST } from "../blocks/block.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import type { HotBlock } from "./hot-block.ts";

/** What was written since a moment and is committed: blocks in memory and how far the topics are with them. */
export class Generation {
  blocks: HotBlock[] = [];
  readonly positions = new Map<string, number>();
  rows = 0;
  bytes = 0;
  /** When the first of it came, in milliseconds of a clock that nobody sets. */
  since = 0;

  get isEmpty(): boolean {
    return this.blocks.length === 0 && this.positions.size === 0;
  }

  advance(key: string, offset: number, now: number): void {
    if (this.isEmpty) this.since = now;
    this.positions.set(key, Math.max(offset, this.positions.get(key) ?? 0));
  }

  add(blocks: readonly HotBlock[], now: number): void {
    for (const block of blocks) {
      if (this.isEmpty) this.since = now;
      this.blocks.push(block);
      this.rows += block.block.rows;
      this.bytes += block.bytes;
    }
  }

  /** Drops what is of a partition. */
  drop(key: string): void {
    this.positions.delete(key);
    const { dropped = [], kept = [] } = Object.groupBy(this.blocks, (block) =>
      block.key === key ? "dropped" : "kept",
    );
    this.blocks = kept;
    for (const block of dropped) {
      this.rows -= block.block.rows;
      this.bytes -= block.bytes;
      block.release();
    }
  }
}

/** Blocks whose columns can stand in one table: no field has two types. */
export type Shape = {
  readonly types: Map<string, ColumnType>;
  readonly blocks: HotBlock[];
  /** Fields of which some text is no part of the original. */
  readonly outside: Set<string>;
  /** Fields of which some whole number lies beyond 2^53. */
  readonly wide: Set<string>;
  hasRest: boolean;
};

/**
 * Groups blocks into as few shapes as come easily.
 * @param fields those that matter; all when absent.
 * @param mixed whether whole numbers and fractions may go together, as fractions, where that changes none of them.
 */
export function shapesOf(
  blocks: Iterable<HotBlock>,
  fields?: ReadonlySet<string>,
  mixed: "mixed" | "exact" = "mixed",
): Shape[] {
  const shapes: Shape[] = [];
  for (const block of blocks) {
    let shape = shapes.find((known) => agrees(known, block, fields, mixed));
    if (shape === undefined) {
      shape = { types: new Map(), blocks: [], outside: new Set(), wide: new Set(), hasRest: false };
      shapes.push(shape);
    }
    for (const { field, type, inside, isWide } of block.columns.values()) {
      if (fields !== undefined && !fields.has(field)) continue;
      if (!inside) shape.outside.add(field);
      if (isWide) shape.wide.add(field);
      const known = shape.types.get(field);
      if (known === undefined || (known === "long" && type === "double")) shape.types.set(field, type);
    }
    shape.hasRest ||= block.columns.has(REST);
    shape.blocks.push(block);
  }
  return shapes;
}

function agrees(
  { types, wide }: Shape,
  block: HotBlock,
  fields: ReadonlySet<string> | undefined,
  mixed: "mixed" | "exact",
): boolean {
  for (const { field, type, isWide } of block.columns.values()) {
    if (fields !== undefined && !fields.has(field)) continue;
    const known = types.get(field);
    if (known === undefined || known === type) continue;
    const stays = isWide !== true && !wide.has(field);
    if (mixed === "mixed" && stays && isNumber(known) && isNumber(type)) continue;
    return false;
  }
  return true;
}

function isNumber(type: ColumnType): boolean {
  return type === "long" || type === "double";
}
