import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Fault } from "../core/fault.ts";
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
    const loading = loadCsv({
      input: gzip ? unpacked(input) : input,
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
    const loaded = await loading.catch((error: NodeJS.ErrnoException) => {
      if (!(error.code ?? "").startsWith("Z_")) throw error;
      throw new Fault("INPUT_UNREADABLE", `unpacking indicators of ${type}: ${error.message}`, {
        cause: error,
      });
    });
    this.#updated.set(type, Date.now());
    return { loaded, rejected, rejectedCount };
  }
}

/** What is packed as gzip, unpacked. An input that breaks off ends both. */
function unpacked(input: Readable): Readable {
  const gunzip = createGunzip();
  input.once("error", (error) => gunzip.destroy(error));
  return input.pipe(gunzip);
}
