import type { KeptState } from "../../models/online/learned.ts";
import type { TableValue } from "../../storage/table/contract.ts";

/** What a worker asks the thread that owns tables to do for models; the answer comes once it is durable. */
export type ModelRequest = {
  readonly do: "keep";
  /** The name of the worker. */
  readonly by: string;
  readonly states: readonly KeptState[];
};

/** The table of what models have learned, and its type. */
export const MODELS_TABLE = "models";
export const STATES = "states";

/** The key of a state; those of one model are together. */
export function stateKey(id: string, by: string): string {
  return `${id}/${by}`;
}

/** What the table holds of a model that one worker has: when it was kept, epoch milliseconds, and what was learned. */
export function stateEntry(at: number, state: Uint8Array): TableValue {
  return { at, state };
}

/** When an entry was kept; 0 where it does not say, as nobody here wrote it. */
export function keptAt(value: TableValue): number {
  const at = isRecord(value) ? value.at : undefined;
  return typeof at === "number" ? at : 0;
}

/** The state of an entry; undefined where it has none. */
export function stateOf(value: TableValue): Uint8Array | undefined {
  const state = isRecord(value) ? value.state : undefined;
  return state instanceof Uint8Array ? state : undefined;
}

function isRecord(value: TableValue): value is { readonly [key: string]: TableValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
