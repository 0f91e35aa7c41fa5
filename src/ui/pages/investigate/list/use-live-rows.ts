import { useEffect, useEffectEvent, useRef } from "react";
import { useLive } from "../../../live.ts";
import type { PageState } from "../state.ts";
import { end, idle, paced } from "./pace.ts";

/** Rows are looked at no more often than this, however fast telemetry comes. */
const ROWS_EVERY = 1000;

/** Facets and histogram cost more and matter less to the second. */
const COUNTS_EVERY = 3000;

type Live = {
  readonly state: PageState;
  /** Whether new rows may be put in now, or only counted. */
  readonly mayFlow: () => boolean;
  readonly look: (flow: boolean) => Promise<void>;
  readonly recount: () => Promise<void>;
};

/** Turns the server's ticks into looks at the head of the list and recounts, each at its own pace. */
export function useLiveRows({ state, mayFlow, look, recount }: Live) {
  const rows = useRef(idle());
  const counts = useRef(idle());
  // Asked when the look happens, not when it was put off: a message may have been opened meanwhile.
  const lookNow = useEffectEvent(() => look(mayFlow()));
  // One stream for whatever is looked at: a tick says that something is new, the search says whether it matches.
  const connection = useLive({ query: "" }, state.live, ({ indexed }) => {
    if (indexed === 0) return;
    paced(rows.current, ROWS_EVERY, () => lookNow());
    paced(counts.current, COUNTS_EVERY, recount);
  });
  const caughtUp = useRef(true);
  const catchUp = useEffectEvent(() => {
    paced(rows.current, ROWS_EVERY, () => lookNow());
    paced(counts.current, COUNTS_EVERY, recount);
  });
  useEffect(() => {
    if (connection === "open" && !caughtUp.current) catchUp();
    caughtUp.current = connection === "open";
  }, [connection]);
  useEffect(() => {
    const paces = [rows, counts];
    // Development mounts twice.
    for (const pace of paces) pace.current = idle();
    return () => {
      for (const pace of paces) end(pace.current);
    };
  }, []);
  return { connection };
}
