import { useEffect, useEffectEvent, useState } from "react";
import { addressOf } from "../api/client.ts";
import { type LiveTick, liveTick, liveUpdates } from "../api/live.ts";

export type LiveState = "off" | "connecting" | "open" | "lost";

const RETRY_AFTER = 3000;

/**
 * Listens to the server's ticks while `enabled`. The browser reconnects by itself when the connection breaks; when
 * the server refused it for good, we try again after a while.
 */
export function useLive(
  { query, from, to }: { query: string; from?: number; to?: number },
  enabled: boolean,
  onTick: (tick: LiveTick) => void,
): LiveState {
  const [state, setState] = useState<LiveState>("connecting");
  const [attempt, setAttempt] = useState(0);
  const listen = useEffectEvent(onTick);
  const address = addressOf(liveUpdates, undefined, { query, from, to });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt opens the same address again
  useEffect(() => {
    if (!enabled) return;
    setState("connecting");
    const source = new EventSource(address);
    let timer: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener("open", () => setState("open"));
    source.addEventListener("tick", (event) => {
      const read = liveTick.safeParse(JSON.parse(event.data));
      if (read.success) listen(read.data);
    });
    source.addEventListener("error", () => {
      setState("lost");
      if (source.readyState === EventSource.CLOSED)
        timer = setTimeout(() => setAttempt((n) => n + 1), RETRY_AFTER);
    });
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [address, enabled, attempt]);
  return enabled ? state : "off";
}
