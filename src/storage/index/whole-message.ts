import { arrivalOf } from "../../core/arrival-of.ts";
import type { Message } from "../../core/message.ts";
import type { Index, WholeMessage } from "./contract.ts";

/** A message of an index with everything kept of it; its time and arrival are those that a pipeline would write it with. */
export async function wholeOf(index: Index, message: Message): Promise<WholeMessage> {
  const guid = String(message.guid);
  const own = typeof message.timestamp === "number" ? message.timestamp : undefined;
  const arrival = arrivalOf(guid) ?? own ?? 0;
  const history = await index.history(guid);
  const isChanged = history.changes.length > 0 || history.earlier > 0;
  return { message, time: own ?? arrival, arrival, history: isChanged ? history : undefined };
}
