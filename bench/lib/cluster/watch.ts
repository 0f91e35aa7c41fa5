/** Looks twice a second at how many records wait to be stored, at their sender or behind it, and now and then at what processes say is wrong. */
import { setTimeout as delay } from "node:timers/promises";
import type { Installation } from "./installation.ts";
import type { Flow } from "./steady-flow.ts";

export type Watch = {
  /** Resolves when the lag is usual again and has been for a while; rejects when that takes too long. */
  readonly back: (within: number) => Promise<void>;
  readonly stop: () => Promise<Watched>;
  /** Notes that the fault is over. */
  readonly ended: () => void;
};

/** Seconds; undefined: not within the fault. */
type Watched = {
  /** From the beginning of the fault until the lag was back and stayed so until its end. */
  readonly backDuring: number | undefined;
  /** From its end until the lag was back. */
  readonly backAfter: number;
  /** The greatest number of records that waited, as far as OpenSearch told what it had. */
  readonly most: number;
  /** Codes of the problems that processes told. */
  readonly told: readonly string[];
};

const EVERY = 500;
const STATUS_EVERY = 2000;
/** Looks in a row that must find the lag usual. */
const CALM = 4;

/** @param usual records that may wait while nothing is wrong. */
export function watch({ stored, processes }: Installation, flow: Flow, usual: number): Watch {
  const begun = performance.now();
  const looks: { readonly at: number; readonly lag: number | undefined }[] = [];
  // What nobody tells is not usual.
  const isUsual = (lag: number | undefined) => lag !== undefined && lag <= usual;
  const told = new Set<string>();
  let [endedAt, isOver] = [Number.POSITIVE_INFINITY, false];
  const looking = (async () => {
    for (; !isOver; await delay(EVERY)) {
      const made = flow.made();
      const count = await stored.count();
      looks.push({ at: performance.now(), lag: count === undefined ? undefined : made - count });
    }
  })();
  const asking = (async () => {
    for (; !isOver; await delay(STATUS_EVERY))
      for (const process of processes) for (const code of await problems(process.url())) told.add(code);
  })();
  /** When the lag became usual, and stayed so to the last of some looks; undefined when it did not. */
  const backSince = (among: typeof looks) => {
    const last = among.findLastIndex(({ lag }) => !isUsual(lag));
    return last === -1 ? begun : among[last + 1]?.at;
  };
  return {
    ended: () => {
      endedAt = performance.now();
    },
    async back(within) {
      const from = performance.now();
      for (;;) {
        const recent = looks.slice(-CALM);
        const isCalm = recent.length === CALM && recent.every(({ at, lag }) => at > from && isUsual(lag));
        if (isCalm) return;
        if (performance.now() - from > within)
          throw new Error(`the lag is ${looks.at(-1)?.lag} after ${within / 1000} s`);
        await delay(EVERY);
      }
    },
    async stop() {
      isOver = true;
      await Promise.all([looking, asking]);
      const during = backSince(looks.filter(({ at }) => at < endedAt));
      const after = Math.max(endedAt, backSince(looks) ?? Number.NaN);
      return {
        backDuring: during === undefined ? undefined : (during - begun) / 1000,
        backAfter: (after - endedAt) / 1000,
        most: Math.max(0, ...looks.map(({ lag = 0 }) => lag)),
        told: [...told].sort(),
      };
    },
  };
}

async function problems(url: string): Promise<readonly string[]> {
  try {
    const answer = await fetch(`${url}/api/v1/status`, { signal: AbortSignal.timeout(5000) });
    const { problems: found } = (await answer.json()) as { problems: { code: string }[] };
    return found.map(({ code }) => code);
  } catch {
    return [];
  }
}
