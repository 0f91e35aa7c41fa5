import { type ModelCounts, ModelTallies } from "../../models/counts.ts";

/** Adds up what the workers of a process count of models. What those counted that died is kept; their successors count from zero. */
export class ModelTotals {
  readonly #past = new ModelTallies();
  readonly #now = new Map<number, readonly ModelCounts[]>();

  /** Takes what a worker has counted since it began. */
  take(worker: number, counts: readonly ModelCounts[]): void {
    this.#now.set(worker, counts);
  }

  /** A worker is gone. */
  end(worker: number): void {
    for (const counts of this.#now.get(worker) ?? []) this.#past.add(counts);
    this.#now.delete(worker);
  }

  /** What was counted since the process began, by model. */
  all(): ModelCounts[] {
    const totals = new ModelTallies();
    for (const counts of [...this.#past.all(), ...[...this.#now.values()].flat()]) totals.add(counts);
    return totals.all();
  }
}
