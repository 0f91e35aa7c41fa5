import { expect, test } from "vitest";
import { openDecoder } from "../decode/decode.ts";
import { emptyPackets } from "../packets.ts";
import { openFlowTable } from "./flow-table.ts";

const RAW = 101;
const UDP = 17;
const FRAME = 48;
const FLOWS = 2000;

/** UDP over IPv6, without a link. */
function frame(sourceWord: number, sourcePort: number): Buffer {
  const bytes = Buffer.alloc(FRAME);
  bytes[0] = 0x60;
  bytes.writeUInt16BE(8, 4);
  bytes[6] = UDP;
  bytes.writeUInt32BE(sourceWord >>> 0, 8);
  bytes.writeUInt32BE(0xfd000000, 24);
  bytes.writeUInt16BE(sourcePort, 40);
  bytes.writeUInt16BE(53, 42);
  bytes.writeUInt16BE(8, 44);
  return bytes;
}

test("ports and addresses that cancel each other behind a known multiplier do not have one key", () => {
  const packets = emptyPackets(FLOWS, [{ linkType: RAW, snapLength: 0 }]);
  const spread = (port: number) => Math.imul(port + 1, 0x9e3779b1);
  packets.bytes = Buffer.concat(
    Array.from({ length: FLOWS }, (_, number) => frame(0x20010db8 ^ spread(1024 + number), 1024 + number)),
  );
  packets.count = FLOWS;
  for (let row = 0; row < FLOWS; row++) {
    packets.starts[row] = row * FRAME;
    packets.captured[row] = FRAME;
    packets.original[row] = FRAME;
  }
  const layers = openDecoder().decode(packets);
  expect(layers.count).toBe(FLOWS);
  const table = openFlowTable({} as Parameters<typeof openFlowTable>[0]);
  const keys = new Set<number>();
  for (let row = 0; row < FLOWS; row++) keys.add(table.keyOf(layers, row, 1024 + row, 53));
  expect(keys.size).toBeGreaterThan(FLOWS - 10);
});
