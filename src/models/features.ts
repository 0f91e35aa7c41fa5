/**
 * The features of messages as numbers: what every model reads. A feature is a Stellar expression; most are the name of a field.
 * A message that lacks a feature is left out of the matrix and marked with what it lacks, so that no score rests on a number that
 * nobody sent.
 */
import type { Batch } from "../core/batch.ts";
import { ABSENT, Column, DOUBLE, FALSE, INT, NULL, TRUE, VALUE } from "../core/column.ts";
import { childrenOf, freeVariables, type Node } from "../stellar/language/ast.ts";
import { type Bound, bind } from "../stellar/run/bind.ts";
import type { Program } from "../stellar/run/compile.ts";
import { type Layer, layered } from "../stellar/run/environment.ts";

/**
 * A feature: its name, and the expression that computes it. A field that the expression reads must be there, unless it asks for it by
 * `exists`: arithmetic takes what is missing for 0.
 */
export type Feature = { readonly name: string; readonly program: Program };

/** The features of some messages. */
export type FeatureMatrix = {
  /** Numbers per message. */
  readonly width: number;
  /** How many messages it holds. */
  count: number;
  /** `count` rows of `width` numbers that are finite in 32 bits too, one row after the other. */
  values: Float64Array<ArrayBuffer>;
  /** The row in the batch of each message. */
  rows: Uint32Array<ArrayBuffer>;
};

/** Why a message has no features, behind the name of the feature, in the order of the marks. */
const LACKS = ["is missing", "is not a number", "is not finite", "could not be computed"] as const;
const [MISSING, NO_NUMBER, NOT_FINITE, FAILED] = [0, 1, 2, 3] as const;

/** An empty matrix with room for some messages. */
export function makeMatrix(width: number, room = 0): FeatureMatrix {
  return { width, count: 0, values: new Float64Array(room * width), rows: new Uint32Array(room) };
}

/** Where the numbers of a feature are, what writes them there, and the fields that must be there. */
type Source = {
  readonly column: Column;
  readonly bound: Bound | undefined;
  readonly needs: readonly Column[];
};

/** Reads the features of the live messages of batches. */
export class FeatureReader {
  readonly matrix: FeatureMatrix;
  /** By row of the batch: 0 for a message in the matrix, else a mark that `lackOf` puts into words. */
  marks = new Uint16Array(0);
  /** What the last failed expression said of this batch; undefined where all could be computed. */
  lastError: string | undefined;
  /** Messages of the last batch at which an expression failed. */
  failed = 0;
  readonly #features: readonly Feature[];
  readonly #layers: readonly Layer[];
  #batch: Batch | undefined;
  #sources: Source[] = [];

  /** @param layers plain values that expressions see beneath those of the message */
  constructor(features: readonly Feature[], layers: readonly Layer[] = []) {
    this.#features = features;
    this.#layers = layers;
    this.matrix = makeMatrix(features.length);
  }

  /** Fills the matrix with the live messages of a batch that have all features, in their order. */
  read(batch: Batch): void {
    const { rows, live } = batch;
    const { width } = this.matrix;
    this.#bind(batch);
    if (this.marks.length < rows) {
      this.marks = new Uint16Array(batch.capacity);
      this.matrix.values = new Float64Array(batch.capacity * width);
      this.matrix.rows = new Uint32Array(batch.capacity);
    }
    this.marks.fill(0, 0, rows);
    this.failed = 0;
    this.lastError = undefined;
    for (const [feature, { column, bound, needs }] of this.#sources.entries()) {
      const first = 1 + feature * LACKS.length;
      for (const need of needs) this.#markMissing(first + MISSING, need, rows);
      if (bound !== undefined) {
        column.grow(batch.capacity);
        bound.fill(column);
      }
      this.#take(feature, column, rows, live);
      for (const [row, error] of bound?.failures ?? []) {
        // What fails for want of a field is missing; what another feature is missing from is marked already.
        if (this.marks[row] !== first + MISSING || needs.some(({ kinds }) => (kinds[row] as number) <= NULL))
          continue;
        this.marks[row] = first + FAILED;
        this.failed++;
        this.lastError = `${this.#features[feature]?.name}: ${error.message}`;
      }
    }
    this.#gather(rows, live);
  }

  /** Why a message is not in the matrix. */
  lackOf(mark: number): string {
    const name = this.#features[Math.floor((mark - 1) / LACKS.length)]?.name;
    return `${name} ${LACKS[(mark - 1) % LACKS.length]}`;
  }

  #bind(batch: Batch): void {
    if (this.#batch === batch) return;
    this.#batch = batch;
    this.#sources = this.#features.map(({ name, program }) => {
      const { node } = program;
      // The field itself, unless a value of the configuration is beneath it.
      if (node?.kind === "variable" && neededBy(node, this.#layers).length === 1)
        return { column: batch.column(node.name), bound: undefined, needs: [] };
      const column = new Column(name, batch.arena, batch.capacity);
      const needs = neededBy(node, this.#layers).map((field) => batch.column(field));
      return { column, bound: bind(program, batch, this.#layers), needs };
    });
  }

  #markMissing(mark: number, { kinds }: Column, rows: number): void {
    const { marks } = this;
    for (let row = 0; row < rows; row++)
      if ((kinds[row] as number) <= NULL && marks[row] === 0) marks[row] = mark;
  }

  /** Writes one feature of every row where the row of a matrix of all rows would have it. */
  #take(feature: number, column: Column, rows: number, live: Uint8Array): void {
    const { kinds, numbers } = column;
    const { width, values } = this.matrix;
    const { marks } = this;
    const first = 1 + feature * LACKS.length;
    for (let row = 0, at = feature; row < rows; row++, at += width) {
      if (live[row] === 0 || marks[row] !== 0) continue;
      const kind = kinds[row] as number;
      let value = 0;
      if (kind >= INT && kind <= DOUBLE) value = numbers[row] as number;
      else if (kind === TRUE) value = 1;
      else if (kind === VALUE && typeof column.objects[row] === "bigint") value = Number(column.objects[row]);
      else if (kind !== FALSE) {
        marks[row] = first + (kind === ABSENT || kind === NULL ? MISSING : NO_NUMBER);
        continue;
      }
      // Trained models read 32 bits, in which large numbers are infinite. The difference of such a number with itself is not 0.
      const single = Math.fround(value);
      if (single - single === 0) values[at] = value;
      else marks[row] = first + NOT_FINITE;
    }
  }

  /** Moves the rows that have all features together. */
  #gather(rows: number, live: Uint8Array): void {
    const { width, values, rows: taken } = this.matrix;
    const { marks } = this;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (live[row] === 0) continue;
      if (marks[row] !== 0) continue;
      if (count !== row) {
        const [from, to] = [row * width, count * width];
        for (let feature = 0; feature < width; feature++)
          values[to + feature] = values[from + feature] as number;
      }
      taken[count++] = row;
    }
    this.matrix.count = count;
  }
}

/** The fields that an expression reads without asking whether they are there, as far as no layer has a value for them. */
function neededBy(node: Node | undefined, layers: readonly Layer[]): string[] {
  if (node === undefined) return [];
  const asked = new Set<string>();
  const visit = (below: Node): void => {
    if (below.kind === "exists") asked.add(below.name);
    for (const child of childrenOf(below)) visit(child);
  };
  visit(node);
  const beneath = layered(...layers);
  return freeVariables(node).filter(
    (name) => name !== "_" && !asked.has(name) && (beneath.get(name) ?? null) === null,
  );
}
