import type { Index, IndexImport } from "../../storage/index/contract.ts";
import { wholeOf } from "../../storage/index/whole-message.ts";

/** Messages that are read and stored together. */
const PAGE = 2000;

type MoveMessages = {
  readonly from: Index;
  readonly to: IndexImport;
  readonly sensor: string;
  /** Where an earlier move of this sensor stopped. */
  readonly cursor: string | undefined;
};

/**
 * Copies the messages of a sensor with what analysts changed of them. What is stored already stays, so a page may be copied twice.
 * @param onPage told how many were stored, and behind which message to go on; its promise is waited for
 */
export async function moveMessages(
  { from, to, sensor, ...begin }: MoveMessages,
  onPage: (count: number, cursor: string | undefined) => Promise<void>,
): Promise<void> {
  let { cursor } = begin;
  do {
    const page = await from.search({ sensors: [sensor], size: PAGE, cursor, total: false });
    const whole = await Promise.all(page.messages.map((message) => wholeOf(from, message)));
    if (whole.length > 0) await to.put(sensor, whole);
    ({ cursor } = page);
    await onPage(whole.length, cursor);
  } while (cursor !== undefined);
}
