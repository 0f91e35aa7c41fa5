import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { communityId } from "../../pcap/decode/community-id.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import { readCapture } from "../../pcap/formats/read-capture.ts";
import { hasForeignTools } from "../../pcap/testing/captures.ts";
import { BULK_HEADER, bulkCapture } from "./bulk.ts";

const options = { bytes: 10_000_000, start: Date.UTC(2026, 10, 19, 9) };

function wholeFile(): Buffer {
  return Buffer.concat([BULK_HEADER, ...bulkCapture(options).map(({ bytes }) => Uint8Array.from(bytes))]);
}

test("packets have 600 bytes on average, and flows 20 packets, each with a name of its own", () => {
  const flows = new Map<string, number>();
  let bytes = 0;
  let packets = 0;
  for (const block of bulkCapture(options)) {
    const layers = openDecoder().decode(block);
    for (let row = 0; row < layers.count; row++) {
      const id = communityId(layers, row) ?? "none";
      flows.set(id, (flows.get(id) ?? 0) + 1);
      bytes += block.captured[row]!;
      packets++;
    }
  }
  expect(bytes / packets).toBe(600);
  expect(packets / flows.size).toBe(20);
  expect(new Set(flows.values())).toEqual(new Set([20]));
});

test("the bytes of blocks are a capture that is read to the same packets", async () => {
  const file = wholeFile();
  expect(file.length).toBeGreaterThanOrEqual(options.bytes);
  const read: number[] = [];
  for await (const block of readCapture(Readable.from([file])).packets)
    for (let row = 0; row < block.count; row++) read.push(block.micros[row]!, block.captured[row]!);
  const made: number[] = [];
  for (const block of bulkCapture(options))
    for (let row = 0; row < block.count; row++) made.push(block.micros[row]!, block.captured[row]!);
  expect(read).toEqual(made);
});

test.skipIf(!hasForeignTools())("tshark finds no wrong checksum in it", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-bulk-"));
  try {
    const file = join(folder, "bulk.pcap");
    writeFileSync(file, wholeFile());
    const good = "ip.checksum.status==1 && tcp.checksum.status==1 && !_ws.malformed";
    const checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"];
    const count = (filter: string) =>
      execFileSync("tshark", ["-r", file, ...checks, "-Y", filter, "-T", "fields", "-e", "frame.number"], {
        encoding: "utf8",
        maxBuffer: 1 << 26,
        stdio: ["ignore", "pipe", "ignore"],
      }).split("\n").length;
    expect(count(good)).toBe(count("frame"));
    expect(count("frame")).toBeGreaterThan(10_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
