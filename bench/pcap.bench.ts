/**
 * Captured packets, of a capture that the scenario makes (`src/scenario/packets/bulk.ts`): pages over HTTP, 600 bytes per packet, 20 packets per
 * flow, 256 flows at a time.
 *
 *   npm run bench -- pcap [--rows=live,written,flowed,rebuilt,followed,found] [--bytes=4e9] [--queries=40]
 *
 * `live` needs root, `ip` and tcpreplay, `found` tcpdump (Debian: `apt-get install iproute2 tcpreplay tcpdump`).
 */
import { openDecoder } from "../src/pcap/decode/decode.ts";
import { openFlows } from "../src/pcap/flows/flows.ts";
import { bulkCapture } from "../src/scenario/packets/bulk.ts";
import { argument } from "./lib/arguments.ts";
import { followed } from "./lib/packets-followed.ts";
import { found } from "./lib/packets-found.ts";
import { live } from "./lib/packets-live.ts";
import { rebuilt } from "./lib/packets-rebuilt.ts";
import { written } from "./lib/packets-written.ts";
import { perSecond, type Row } from "./lib/row.ts";

export const name =
  "Packets: captured, written and indexed, put together, followed, and found in a cold store";

const FLOWED_ROUNDS = 3;
const FLOWED_BYTES = 3e8;

export async function run(args: readonly string[]): Promise<Row[]> {
  const bytes = Number(argument(args, "bytes") ?? 4e9);
  const queries = Number(argument(args, "queries") ?? 40);
  const rows = argument(args, "rows")?.split(",");
  const isWanted = (row: string) => rows?.includes(row) ?? true;
  return [
    ...(isWanted("live") ? live() : []),
    ...(isWanted("written") ? written() : []),
    ...(isWanted("flowed") ? flowed() : []),
    ...(isWanted("rebuilt") ? rebuilt() : []),
    ...(isWanted("followed") ? await followed() : []),
    ...(isWanted("found") ? found(bytes, queries) : []),
  ];
}

/** Packets decoded, and records made of flows and of what is said in them; the best of some rounds. */
function flowed(): Row[] {
  const rounds = Array.from({ length: FLOWED_ROUNDS }, flow);
  const { seconds, packets, records } = rounds.reduce((one, other) =>
    one.seconds < other.seconds ? one : other,
  );
  return [
    {
      work: "decode, records of flows and metadata",
      value: `${perSecond(packets, seconds)} packets/s`,
      and: `${perSecond(records, seconds)} records/s`,
      required: "300,000 packets/s per core",
    },
  ];
}

/** The time of all threads counts, as what clears memory up has threads of its own. */
function flow(): { readonly seconds: number; readonly packets: number; readonly records: number } {
  const decoder = openDecoder();
  const flows = openFlows({ emit() {} });
  let micros = 0;
  const timed = (work: () => void) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
  };
  for (const packets of bulkCapture({ bytes: FLOWED_BYTES, start: Date.now() }))
    timed(() => flows.push(packets, decoder.decode(packets)));
  timed(() => flows.end());
  const { packets, records } = flows.counts;
  return { seconds: micros / 1e6, packets, records };
}
