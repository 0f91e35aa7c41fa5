/**
 * Waits for a line with the number of the first packet, then writes packets to the store of a folder as fast as it can, and says after
 * each flush which number comes next. It ends by being killed. Each packet's payload is its number, and so is its port, modulo 50.
 */
import { createInterface } from "node:readline";
import { makeContext } from "../../../core/context.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { openPacketStore } from "../files/packet-store.ts";
import { packetsOf } from "./traffic.ts";

const AT_ONCE = 200;
const START = 1_700_000_000_000_000;

const [folder = ""] = process.argv.slice(2);
for await (const line of createInterface({ input: process.stdin })) {
  const store = openPacketStore({ folder, bytes: 1e9, segmentBytes: 300_000 }, makeContext());
  const writer = store.writer("child");
  const decoder = openDecoder();
  for (let next = Number(line); ; next += AT_ONCE) {
    const packets = packetsOf(
      Array.from({ length: AT_ONCE }, (_, index) => ({
        micros: START + next + index,
        ...({ version: 4, source: 1, destination: 2, destinationPort: 53 } as const),
        sourcePort: 1000 + ((next + index) % 50),
        payload: Buffer.from(`packet ${next + index} `.padEnd(300, "x")),
      })),
    );
    writer.append(packets, decoder.decode(packets));
    writer.flush();
    process.stdout.write(`${next + AT_ONCE}\n`);
  }
}
