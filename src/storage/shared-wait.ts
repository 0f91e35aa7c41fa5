/**
 * Waits, without polling, until an element of shared memory is no longer `seen` and whoever changed it notified, or
 * until the signal aborts. May also return early: look again. Keeps the process alive meanwhile, which waiting on
 * memory alone does not.
 */
export function changedFrom(
  memory: BigInt64Array,
  index: number,
  seen: bigint,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const waiting = Atomics.waitAsync(memory, index, seen);
    if (!waiting.async || signal.aborted) return resolve();
    const alive = setInterval(() => {}, 1 << 30);
    const done = () => {
      clearInterval(alive);
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    waiting.value.then(done);
  });
}
