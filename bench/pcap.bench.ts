/**
 * Captured packets, of a capture that the scenario makes (`src/scenario/packets/bulk.ts`): pages over HTTP, 600 bytes per packet, 20 packets per
 * flow, 256 flows at a time.
 *
 *   npm run bench -- pcap [--rows=live,written,rebuilt,followed,found] [--bytes=4e9] [--queries=40]
 *
 * `live` needs root, `ip` and tcpreplay, `found` tcpdump (Debian: `apt-get install iproute2 tcpreplay tcpdump`).
 */
import { argument } from "./lib/arguments.ts";
import { followed } from "./lib/packets-followed.ts";
import { found } from "./lib/packets-found.ts";
import { live } from "./lib/packets-live.ts";
import { rebuilt } from "./lib/packets-rebuilt.ts";
import { written } from "./lib/packets-written.ts";
import type { Row } from "./lib/row.ts";

export const name =
  "Packets: captured, written and indexed, put together, followed, and found in a cold store";

export async function run(args: readonly string[]): Promise<Row[]> {
  const bytes = Number(argument(args, "bytes") ?? 4e9);
  const queries = Number(argument(args, "queries") ?? 40);
  const rows = argument(args, "rows")?.split(",");
  const isWanted = (row: string) => rows?.includes(row) ?? true;
  return [
    // First, so that the memory it is measured with is its own.
    ...(isWanted("live") ? await live() : []),
    ...(isWanted("written") ? written() : []),
    ...(isWanted("rebuilt") ? rebuilt() : []),
    ...(isWanted("followed") ? await followed() : []),
    ...(isWanted("found") ? found(bytes, queries) : []),
  ];
}
