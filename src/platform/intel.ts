import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Actor } from "../core/actor.ts";
import type { Log } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { loadCsv } from "../enrichments/loaders/csv.ts";
import { meaningOfType } from "../enrichments/threat-intel/indicator.ts";
import { canonicalKey } from "../schema/canonical.ts";
import type { IndicatorMeaning } from "../schema/meaning.ts";
import type { Table, TableValue } from "../storage/table/contract.ts";

/** Lines told of a load at the most; all are counted. */
const TOLD = 100;

export type IntelLoad = {
  /** Who loads it; named in the log. */
  readonly actor: Actor;
  readonly type: string;
  readonly column: string;
  readonly separator?: string;
  /** What the indicators are; by the name of the type when left out. */
  readonly meaning?: IndicatorMeaning | undefined;
  readonly replace: boolean;
  readonly input: Readable;
  readonly gzip?: boolean;
  readonly signal?: AbortSignal;
};

/** The indicator lists: one type of the threat intelligence table each. */
export class Intel {
  readonly #table: Table;
  readonly #log: Log;
  readonly #updated = new Map<string, number>();

  constructor(table: Table, log: Log) {
    this.#table = table;
    this.#log = log;
  }

  async list(): Promise<readonly { type: string; indicators: number; updated: number | null }[]> {
    return this.#table
      .types()
      .map(({ type, entries }) => ({ type, indicators: entries, updated: this.#updated.get(type) ?? null }));
  }

  /** Loads indicators from CSV with a header; they are in force at the next batch. */
  async load({ actor, type, column, separator = ",", meaning, replace, input, gzip, signal }: IntelLoad) {
    const rejected: { line: number; reason: string }[] = [];
    let rejectedCount = 0;
    const loading = loadCsv({
      input: gzip ? unpacked(input) : input,
      table: this.#table,
      type,
      indicatorColumn: column,
      separator,
      meaning: meaning ?? meaningOfType(type),
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
    this.#log.info("Indicators were loaded.", { type, loaded, rejected: rejectedCount, by: actor.name });
    return { loaded, rejected, rejectedCount };
  }

  /** What the lists say of a value, in any of its spellings. */
  find(value: string): { type: string; indicator: string; columns: Columns }[] {
    return this.#table.types().flatMap(({ type }) => {
      const indicator = this.#keyOf(type, value);
      return indicator === undefined
        ? []
        : [{ type, indicator, columns: columnsOf(this.#table.get(type, indicator)) }];
    });
  }

  /** Indicators of a type in order, beginning behind `after`. */
  page(type: string, after: string | undefined, size: number): { indicator: string; columns: Columns }[] {
    this.#mustBe(type);
    // The first key behind another is that key with the smallest byte added.
    const from = after === undefined ? {} : { from: `${after}\0` };
    return [...this.#table.range(type, { ...from, limit: size })].map(({ key, value }) => ({
      indicator: key,
      columns: columnsOf(value),
    }));
  }

  /** Removes an indicator. Throws Fault NOT_FOUND when the list does not hold it. */
  async remove(type: string, value: string, actor: Actor): Promise<void> {
    this.#mustBe(type);
    const key = this.#keyOf(type, value);
    if (key === undefined)
      throw new Fault("NOT_FOUND", `removing an indicator: the list ${type} does not hold \`${value}\``);
    await this.#table.delete(type, key);
    this.#updated.set(type, Date.now());
    this.#log.info("An indicator was removed.", { type, indicator: key, by: actor.name });
  }

  /** The key under which a list holds a value: its canonical form, or as it was written in an older list. */
  #keyOf(type: string, value: string): string | undefined {
    return [canonicalKey(value.trim()), value].find((key) => this.#table.get(type, key) !== undefined);
  }

  #mustBe(type: string): void {
    const types = this.#table.types().map((known) => known.type);
    if (types.includes(type)) return;
    const known = types.length === 0 ? "there are none yet" : `there are: ${types.join(", ")}`;
    throw new Fault("NOT_FOUND", `looking for the list ${type}: there is no list of this type; ${known}`);
  }
}

type Columns = Readonly<Record<string, unknown>>;

function columnsOf(value: TableValue | undefined): Columns {
  return typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
    ? (value as Columns)
    : {};
}

/** What is packed as gzip, unpacked. An input that breaks off ends both. */
function unpacked(input: Readable): Readable {
  const gunzip = createGunzip();
  input.once("error", (error) => gunzip.destroy(error));
  return input.pipe(gunzip);
}
