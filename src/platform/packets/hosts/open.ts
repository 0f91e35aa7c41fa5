import type { Foundation } from "../../foundation.ts";
import { PacketHosts } from "./packet-hosts.ts";

/** Joins the hosts of packets of an installation, until the stack is closed; undefined where there is this process alone. */
export async function openPacketHosts(
  stack: AsyncDisposableStack,
  { exchange, storage, context, settings, threads, publishing }: Foundation,
): Promise<PacketHosts | undefined> {
  if (exchange === undefined) return undefined;
  const hosts = await PacketHosts.open({
    ...{ exchange, context, tables: storage.tables, store: storage.packets },
    expressions: () => ({
      ...threads(),
      global: publishing.globalText,
      functions: publishing.functions,
    }),
    concurrent: settings.packets.queries.concurrent,
  });
  return stack.use(hosts);
}
