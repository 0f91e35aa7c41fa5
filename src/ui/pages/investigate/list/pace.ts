/** Work that is asked for often, done once for however many asked, with pauses in between. */
export type Pace = {
  timer: ReturnType<typeof setTimeout> | undefined;
  busyUntil: number;
  /** Somebody asked since the work that is under way began: its answer may lack what they ask for. */
  isAsked: boolean;
  hasEnded: boolean;
};

export function idle(): Pace {
  return { timer: undefined, busyUntil: 0, isAsked: false, hasEnded: false };
}

/** Does it now or at the end of the current pause, once however often asked; a slow answer makes the pause longer. */
export function paced(pace: Pace, pause: number, work: () => Promise<void>): void {
  pace.isAsked = true;
  if (pace.timer !== undefined || pace.hasEnded) return;
  const wait = Math.max(0, pace.busyUntil - Date.now());
  pace.timer = setTimeout(async () => {
    const started = Date.now();
    pace.isAsked = false;
    try {
      await work();
    } finally {
      pace.timer = undefined;
      pace.busyUntil = started + Math.max(pause, 4 * (Date.now() - started));
      if (pace.isAsked) paced(pace, pause, work);
    }
  }, wait);
}

/** From now on calls do nothing. */
export function end(pace: Pace): void {
  clearTimeout(pace.timer);
  pace.hasEnded = true;
}
