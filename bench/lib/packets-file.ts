/** Writes a capture of the scenario into a file. As a program, `packets-file.ts FILE BYTES`, it prints how many packets it wrote. */
import fs from "node:fs";
import { BULK_HEADER, bulkCapture } from "../../src/scenario/packets/bulk.ts";

/** Writes a capture of so many bytes; returns how many packets it has. */
export function writeCapture(path: string, bytes: number, firstFlow = 0): number {
  const file = fs.openSync(path, "w");
  fs.writeSync(file, BULK_HEADER);
  let count = 0;
  for (const packets of bulkCapture({ bytes, start: Date.now(), firstFlow })) {
    fs.writeSync(file, packets.bytes);
    count += packets.count;
  }
  fs.closeSync(file);
  return count;
}

const [, , path, bytes] = process.argv;
if (import.meta.main && path !== undefined) process.stdout.write(String(writeCapture(path, Number(bytes))));
