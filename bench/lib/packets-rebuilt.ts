import { openDecoder } from "../../src/pcap/decode/decode.ts";
import { openCollector } from "../../src/pcap/reassembly/collect.ts";
import { bulkCapture } from "../../src/scenario/packets/bulk.ts";
import { perSecond, type Row, threadSeconds } from "./row.ts";

const ROUNDS = 3;
const BYTES = 3e8;

/** Connections put together of packets that are decoded already, as one core does it; the best of some rounds. */
export function rebuilt(): Row[] {
  const rounds = Array.from({ length: ROUNDS }, rebuild);
  const { seconds, bytes, connections } = rounds.reduce((one, other) =>
    one.seconds < other.seconds ? one : other,
  );
  return [
    {
      work: "TCP put together, bytes of the streams",
      value: `${Math.round(bytes / seconds / 1e6)} MB/s`,
      and: `${perSecond(connections, seconds)} connections/s`,
      required: "500 MB/s",
    },
  ];
}

function rebuild(): { readonly seconds: number; readonly bytes: number; readonly connections: number } {
  const decoder = openDecoder();
  const collector = openCollector();
  let seconds = 0;
  let payload = 0;
  for (const packets of bulkCapture({ bytes: BYTES, start: Date.now() })) {
    const layers = decoder.decode(packets);
    for (let row = 0; row < layers.count; row++) payload += layers.payloadLength[row] ?? 0;
    seconds += threadSeconds(() => collector.add(packets, layers));
  }
  let bytes = 0;
  let connections = 0;
  seconds += threadSeconds(() => {
    for (const { totals } of collector.conversations().tcp) {
      connections++;
      for (const side of totals) bytes += side.bytes;
    }
  });
  if (bytes !== payload) throw new Error(`of ${payload} bytes ${bytes} were put together`);
  return { seconds, bytes, connections };
}
