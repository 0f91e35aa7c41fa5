/** The captures that are shared with the project and are no part of it; tests that need them are passed over where they are not. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { FLAG } from "../layers.ts";
import type { Packets } from "../packets.ts";
import { openCollector } from "../reassembly/collect.ts";
import { datagramBlock, openDefragmenter, type WholeDatagram } from "../reassembly/defragment.ts";
import { sharedCaptures } from "./captures.ts";
import { layersOf } from "./layers-of.ts";
import { areInstalled } from "./programs.ts";
import { readPcap } from "./read-pcap.ts";

/** Whether the captures and the programs to compare with are here. */
export const hasCaptures = sharedCaptures().length > 0 && areInstalled("tshark", "editcap");

/** The packets of a capture in one block, or undefined where it is no classic capture and cannot be made one. */
export function packetsOf(file: string): Packets | undefined {
  try {
    return readPcap(file);
  } catch {
    const folder = mkdtempSync(join(tmpdir(), "metron-capture-"));
    const converted = join(folder, `${basename(file)}.pcap`);
    try {
      execFileSync("editcap", ["-F", "pcap", file, converted], { stdio: "ignore" });
      return readPcap(converted);
    } catch {
      return undefined;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** What is put together of a block, its fragments first. */
export function conversationsOfBlock(packets: Packets) {
  const collector = openCollector();
  const defragmenter = openDefragmenter();
  const layers = layersOf(packets);
  const whole: WholeDatagram[] = [];
  for (let row = 0; row < layers.count; row++) {
    if (!(layers.flags[row]! & FLAG.fragment)) continue;
    const datagram = defragmenter.add(packets, layers, row, layers.packet[row]!);
    if (datagram !== undefined) whole.push(datagram);
  }
  collector.add(packets, layers);
  const block = datagramBlock(whole);
  collector.add(block, layersOf(block));
  return collector.conversations();
}
