/**
 * Waits for a line with the number of the first packet, then writes packets to the store of a folder as fast as it can, and says after
 * each flush which number comes next. It ends by being killed. See `numbered` for what is in them.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { makeContext } from "../../../core/context.ts";
import { openPacketStore } from "../files/packet-store.ts";
import { append, numbered } from "./made-store.ts";

const AT_ONCE = 200;

const [folder = ""] = process.argv.slice(2);
for await (const line of createInterface({ input: process.stdin })) {
  const store = openPacketStore({ folder, bytes: 1e9, segmentBytes: 300_000 }, makeContext());
  const writer = store.writer("child");
  for (let next = Number(line); ; next += AT_ONCE) {
    append(writer, numbered(next, next + AT_ONCE, 300));
    writer.flush();
    // Waits for the reader: what `process.stdout` holds back would be lost with this process.
    writeSync(1, `${next + AT_ONCE}\n`);
  }
}
