import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { loadCsv } from "../enrichments/loaders/csv.ts";
import type { Table } from "../storage/table/contract.ts";

/** Lines told of a load at the most; all are counted. */
const TOLD = 100;

export type IntelLoad = {
  readonly type: string;
  readonly column: string;
  readonly replace: boolean;
  readonly input: Readable;
  readonly gzip?: boolean;
  readonly signal?: AbortSignal;
};

/** The indicator lists: one type of the threat intelligence table each. */
export class Intel {
  readonly #table: Table;
  readonly #updated = new Map<string, number>();

  constructor(table: Table) {
    this.#table = table;
  }

  async list(): Promise<readonly { type: string; indicators: number; updated: number | null }[]> {
    return this.#table
      .types()
      .map(({ type, entries }) => ({ type, indicators: entries, updated: this.#updated.get(type) ?? null }));
  }

  /** Loads indicators from CSV with a header; they are in force at the next batch. */
  async load({ type, column, replace, input, gzip, signal }: IntelLoad) {
    const rejected: { line: number; reason: string }[] = [];
    let rejectedCount = 0;
    const loaded = await loadCsv({
      input: gzip ? input.pipe(createGunzip()) : input,
      table: this.#table,
      type,
      indicatorColumn: column,
      replace,
      signal,
      onRejected: (line, reason) => {
        rejectedCount++;
        if (rejected.length < TOLD) rejected.push({ line, reason });
      },
    });
    this.#updated.set(type, Date.now());
    return { loaded, rejected, rejectedCount };
  }
}
