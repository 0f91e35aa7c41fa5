/** What is counted of a profile since its process began. Numbers of messages unless something else is said. */
export type ProfileCounts = {
  /** Sent on to an entity. */
  routed: number;
  /** Without a time that can be read, where the profiles go by a field. */
  timeless: number;
  /** With a time too far ahead of the clock. */
  ahead: number;
  /** Counted for their entity. */
  applied: number;
  /** Of a period that had ended. */
  late: number;
  /** Left out as there were too many entities, or too many messages waited for a period to end. */
  refused: number;
  /** At which an expression failed, of messages and of ends of periods. */
  failed: number;
  measured: number;
  /** Periods that ended without a measurement, as an expression failed or gave nothing. */
  unmeasured: number;
  /** Entities that began anew as their variables had grown too large to be stored. */
  outgrown: number;
  /** Entities that are live now. */
  entities: number;
  /** What failed last, and when. */
  lastError: { readonly message: string; readonly at: number } | undefined;
};

export function emptyProfileCounts(): ProfileCounts {
  return {
    ...{ routed: 0, timeless: 0, ahead: 0, applied: 0, late: 0, refused: 0, failed: 0 },
    ...{ measured: 0, unmeasured: 0, outgrown: 0, entities: 0, lastError: undefined },
  };
}

/** Adds what one part of a process counted of a profile to a sum. */
export function addProfileCounts(to: ProfileCounts, from: Readonly<ProfileCounts>): void {
  for (const name of Object.keys(from) as (keyof ProfileCounts)[]) {
    if (name !== "lastError") to[name] += from[name];
  }
  if ((from.lastError?.at ?? 0) >= (to.lastError?.at ?? 0)) to.lastError = from.lastError ?? to.lastError;
}

/** Notes an expression that failed. */
export function countFailure(counts: ProfileCounts, message: string, at: number): void {
  counts.failed++;
  counts.lastError = { message, at };
}
