import { useEffect, useEffectEvent, useRef } from "react";

/** What a key opens of a row. */
export type Opened = "fields" | "packets";

/** Which row keys went to, counted from 1, and what they opened of it. */
type Early = { readonly by: number; readonly opens?: Opened };

/**
 * Keeps the keys that go to a row and open it while the first rows are on their way, and does then what they say. Keys that change something
 * are not kept: nobody has seen yet what they would change.
 */
export function useEarlyKeys(isWaiting: boolean, then: (early: Early) => void) {
  const early = useRef<Early>({ by: 0 });
  const act = useEffectEvent(then);
  useEffect(() => {
    if (isWaiting) return;
    const { by } = early.current;
    if (by > 0) act(early.current);
    early.current = { by: 0 };
  }, [isWaiting]);
  return {
    /** @returns whether it is kept for later */
    step(by: number): boolean {
      if (isWaiting && Number.isFinite(by)) early.current = { by: Math.max(1, early.current.by + by) };
      return isWaiting;
    },
    open(opens: Opened): void {
      if (isWaiting && early.current.by > 0) early.current = { ...early.current, opens };
    },
  };
}
