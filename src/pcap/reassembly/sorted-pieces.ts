/** Pieces of a stream in the order of their positions, none over another. */

/** What has a place: from `start` to `end`, exclusive. Both may be narrowed while it is in the list. */
export type Placed = { start: number; end: number };

/** How many pieces a leaf holds: so that inserting moves little, whatever order pieces come in. */
const LEAF = 512;

const NONE: readonly never[] = [];

/**
 * A sorted list of two levels. Streams mostly grow at their end, which is one comparison; in any other order a piece costs two binary
 * searches and moves at most one leaf, so that a capture whose packets were shuffled on purpose takes no quadratic time.
 */
export class SortedPieces<Piece extends Placed> {
  readonly #leaves: Piece[][] = [[]];

  /** The piece that has a position. */
  at(position: number): Piece | undefined {
    const last = this.last();
    if (last === undefined || last.end <= position) return undefined;
    const pieces = this.#leaves[this.#leafOf(position)]!;
    const piece = pieces[firstEndingBehind(pieces, position)];
    return piece !== undefined && piece.start <= position ? piece : undefined;
  }

  /** The pieces that reach into `start` to `end`, in order. */
  overlapping(start: number, end: number): readonly Piece[] {
    const last = this.last();
    if (last === undefined || last.end <= start) return NONE;
    const found: Piece[] = [];
    let leaf = this.#leafOf(start);
    let at = firstEndingBehind(this.#leaves[leaf]!, start);
    for (; leaf < this.#leaves.length; leaf++, at = 0) {
      const pieces = this.#leaves[leaf]!;
      for (; at < pieces.length; at++) {
        const piece = pieces[at]!;
        if (piece.start >= end) return found;
        found.push(piece);
      }
    }
    return found;
  }

  /** Adds a piece that lies over no other. */
  insert(piece: Piece): void {
    const last = this.last();
    const isLast = last === undefined || last.end <= piece.start;
    const leaf = isLast ? this.#leaves.length - 1 : this.#leafOf(piece.start);
    const pieces = this.#leaves[leaf]!;
    if (isLast) pieces.push(piece);
    else pieces.splice(firstEndingBehind(pieces, piece.start), 0, piece);
    if (pieces.length > LEAF) this.#leaves.splice(leaf + 1, 0, pieces.splice(LEAF / 2));
  }

  remove(piece: Piece): void {
    const leaf = this.#leafOf(piece.start);
    const pieces = this.#leaves[leaf]!;
    const at = pieces.indexOf(piece, firstEndingBehind(pieces, piece.start));
    if (at >= 0) pieces.splice(at, 1);
    if (pieces.length === 0 && this.#leaves.length > 1) this.#leaves.splice(leaf, 1);
  }

  first(): Piece | undefined {
    return this.#leaves[0]?.[0];
  }

  last(): Piece | undefined {
    return this.#leaves.at(-1)?.at(-1);
  }

  /** Visits all in order; a step of the iterator costs several times as much. */
  forEach(visit: (piece: Piece) => void): void {
    for (const leaf of this.#leaves) for (const piece of leaf) visit(piece);
  }

  *[Symbol.iterator](): Generator<Piece> {
    for (const leaf of this.#leaves) yield* leaf;
  }

  /** The first leaf whose last piece ends behind `position`, or the last leaf. */
  #leafOf(position: number): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.#leaves[middle]!.at(-1);
      if (last !== undefined && last.end > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The place of the first piece that ends behind `position`. */
function firstEndingBehind(pieces: readonly Placed[], position: number): number {
  let low = 0;
  let high = pieces.length;
  const last = pieces[high - 1];
  if (last !== undefined && last.end <= position) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.end > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
