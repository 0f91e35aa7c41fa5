import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits for some work, but not for longer than that. The work goes on; what it comes to later is nobody's matter.
 * @returns whether it is done @throws what the work throws in time, or the reason of the signal
 */
export async function isDoneWithin(
  work: Promise<unknown>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const over = new AbortController();
  const ending = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const late = delay(milliseconds, false, { signal: ending });
  late.catch(() => undefined);
  try {
    return await Promise.race([work.then(() => true), late]);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    over.abort();
    work.catch(() => undefined);
  }
}
