/** What stays in memory when somebody sends first fragments alone, whose datagrams never become whole. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { openDecoder } from "../decode/decode.ts";
import { blockOf, ethernet, ip } from "../testing/frames.ts";
import { openDefragmenter } from "./defragment.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes that are in use, of objects and of buffers, once what nobody holds is gone. */
function bytesInUse(): number {
  // Buffers that were collected are freed by the next collection.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const BLOCK = 4096;
const LIMIT = 16 * 2 ** 20;
/** Where the address of the sender and the number of the datagram are, behind Ethernet. */
const PLACES = {
  4: { from: "10.0.0.1", to: "10.0.0.2", source: 26, id: 18 },
  6: { from: "2001:db8::1", to: "2001:db8::2", source: 34, id: 58 },
} as const;

test.each([
  [4, "large", 1480],
  [4, "small", 8],
  [6, "large", 1440],
  [6, "small", 8],
] as const)("of a flood of first fragments of IPv%i no more is kept than may be: %s", (version, _, size) => {
  const { from, to, source, id } = PLACES[version];
  const first = ethernet(ip({ from, to, protocol: 17, payload: new Uint8Array(size), id: 1, more: true }));
  const packets = blockOf(Array.from({ length: BLOCK }, () => ({ bytes: first, micros: 1 })));
  const decoder = openDecoder();
  const defragmenter = openDefragmenter({ bytes: LIMIT });
  const view = new DataView(packets.bytes.buffer);
  const before = bytesInUse();
  let sent = 0;
  for (let block = 0; block < 10; block++) {
    for (let row = 0; row < BLOCK; row++, sent++) {
      const start = packets.starts[row] as number;
      view.setUint32(start + source, sent);
      view.setUint16(start + id, sent & 0xffff);
    }
    const layers = decoder.decode(packets);
    expect(layers.count).toBe(BLOCK);
    for (let row = 0; row < BLOCK; row++) expect(defragmenter.add(packets, layers, row, row)).toBeUndefined();
  }
  // What is counted is what is taken, but for how objects are laid out.
  expect(bytesInUse() - before).toBeLessThan(1.5 * LIMIT);
  expect(defragmenter.dropped.limit).toBeGreaterThan(sent / 2);
  defragmenter.end();
  expect(defragmenter.dropped.limit + defragmenter.dropped.unfinished).toBe(sent);
});
