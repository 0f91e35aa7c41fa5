import type { Foundation } from "../foundation.ts";
import { Captures } from "./captures.ts";

/** Opens the captures of a process: their packets go to its own store, records of their flows to the topics. */
export async function openCaptures(
  stack: AsyncDisposableStack,
  { storage, intake, context }: Pick<Foundation, "storage" | "intake" | "context">,
): Promise<Captures> {
  return stack.use(
    await Captures.open({
      packets: () => storage.packets.share(),
      deliver: (sensor, block) => intake.deliver(sensor, block),
      table: await storage.hostTables.table("captures"),
      context,
    }),
  );
}
