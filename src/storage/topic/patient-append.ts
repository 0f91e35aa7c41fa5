import type { ForeignTopic } from "./contract.ts";

const LOOK_MILLISECONDS = 500;

/**
 * Waits for appends to a topic of others, which themselves wait for brokers that do not answer, until that has lasted too long.
 * @param patience milliseconds without an answer after which it is given up
 * @throws Fault of the topic when it is given up, and what an append rejects with
 */
export async function appendPatiently(
  topic: ForeignTopic,
  appends: Promise<unknown>,
  patience: number,
): Promise<void> {
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      const { fault } = topic;
      since = fault === undefined ? 0 : since + LOOK_MILLISECONDS;
      if (fault !== undefined && since >= patience) reject(fault);
    }, LOOK_MILLISECONDS);
  });
  // Once it is given up, what is on its way is rejected later, and nobody waits for it.
  appends.catch(() => undefined);
  try {
    await Promise.race([appends, overdue]);
  } finally {
    clearInterval(timer);
  }
}
