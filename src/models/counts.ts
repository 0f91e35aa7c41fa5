/** What the models of a thread do, counted since the thread began. */

/** Which model of which sensor. A version that was in the shadow and is now in force is counted apart. */
export type ModelIdentity = {
  readonly sensor: string;
  readonly name: string;
  readonly version: string;
  readonly shadow: boolean;
};

/** Numbers are of messages. */
export type ModelCounts = ModelIdentity & {
  scored: number;
  /** Without a score. */
  absent: number;
  /** Of these by reason, as `models.NAME.absent` says it: the first that came, and under `other reasons` all that came later. */
  readonly reasons: Record<string, number>;
  /** Of these, as the model was not loaded in time or its answer came too late. */
  late: number;
  /** When it was asked last, epoch milliseconds; 0 before. */
  lastAt: number;
  /** What failed last, and when. */
  lastError: { readonly message: string; readonly at: number } | undefined;
};

const MOST_REASONS = 8;
const OTHERS = "other reasons";
/** A document may have many models, and many versions may come and go: who was not asked for longest is forgotten. */
const MOST_MODELS = 500;
const MOST_CHARACTERS = 500;

/** A map of counts that keeps no more than `MOST_MODELS`. */
export class ModelTallies {
  readonly #all = new Map<string, ModelCounts>();

  /** The counts of a model, to count in. They may be forgotten, so they are asked for with each batch. */
  of(identity: ModelIdentity): ModelCounts {
    const key = modelKey(identity);
    const known = this.#all.get(key);
    if (known !== undefined) return known;
    if (this.#all.size >= MOST_MODELS) this.#forgetOne();
    const counts = emptyModelCounts(identity);
    this.#all.set(key, counts);
    return counts;
  }

  /** Adds what another thread, or the same one before, has counted of a model. */
  add(from: Readonly<ModelCounts>): void {
    const to = this.of(from);
    to.scored += from.scored;
    to.absent += from.absent;
    to.late += from.late;
    for (const [reason, count] of Object.entries(from.reasons)) addReason(to.reasons, reason, count);
    to.lastAt = Math.max(to.lastAt, from.lastAt);
    if ((from.lastError?.at ?? 0) >= (to.lastError?.at ?? 0)) to.lastError = from.lastError ?? to.lastError;
  }

  all(): ModelCounts[] {
    return [...this.#all.values()];
  }

  #forgetOne(): void {
    let oldest: [string, number] | undefined;
    for (const [key, { lastAt }] of this.#all)
      if (oldest === undefined || lastAt < oldest[1]) oldest = [key, lastAt];
    if (oldest !== undefined) this.#all.delete(oldest[0]);
  }
}

/** What tells the counts of one model from those of others. */
export function modelKey({ sensor, name, version, shadow }: ModelIdentity): string {
  return JSON.stringify([sensor, name, version, shadow]);
}

export function emptyModelCounts({ sensor, name, version, shadow }: ModelIdentity): ModelCounts {
  return {
    ...{ sensor, name, version, shadow },
    ...{ scored: 0, absent: 0, reasons: {}, late: 0, lastAt: 0, lastError: undefined },
  };
}

/** Notes that messages have no score. */
export function countAbsent(counts: ModelCounts, reason: string, messages: number): void {
  if (messages === 0) return;
  counts.absent += messages;
  addReason(counts.reasons, reason, messages);
}

/** Notes what failed. */
export function noteError(counts: ModelCounts, message: string, at: number): void {
  counts.lastError = { message: message.slice(0, MOST_CHARACTERS), at };
}

function addReason(reasons: Record<string, number>, reason: string, messages: number): void {
  const isFull = Object.keys(reasons).length >= MOST_REASONS && !Object.hasOwn(reasons, reason);
  const under = isFull ? OTHERS : reason;
  reasons[under] = (reasons[under] ?? 0) + messages;
}
