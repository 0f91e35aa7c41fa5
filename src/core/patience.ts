/**
 * Waits for some work, but not for longer than that. The work goes on; what it comes to later is nobody's matter.
 * @returns whether it is done @throws what the work throws in time, or the reason of the signal
 */
export async function isDoneWithin(
  work: Promise<unknown>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  signal?.throwIfAborted();
  const { promise: late, resolve, reject } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, milliseconds, false);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  work.catch(() => undefined);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
