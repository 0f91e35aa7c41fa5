/** The captures that are shared with the project and are no part of it; tests that need them are passed over where they are not. */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { FLAG } from "../layers.ts";
import type { Packets } from "../packets.ts";
import { openCollector } from "../reassembly/collect.ts";
import { datagramBlock, openDefragmenter, type WholeDatagram } from "../reassembly/defragment.ts";
import { readClassicPcap } from "./classic-pcap.ts";
import { plainLayers } from "./plain-layers.ts";
import { areInstalled } from "./programs.ts";

const shared = join(import.meta.dirname, "../../../../shared/data");

/** Whether the captures and the programs to compare with are here. */
export const hasCaptures = existsSync(shared) && areInstalled("tshark", "editcap");

export const captures = (): string[] =>
  globSync(["pcap/**/*.{pcap,pcapng}", "incidents/**/*.{pcap,pcapng}", "metron/*.pcap"], { cwd: shared })
    .sort()
    .map((name) => join(shared, name));

/** The packets of a capture in one block, or undefined where it is no classic capture and cannot be made one. */
export function packetsOf(file: string): Packets | undefined {
  try {
    return readClassicPcap(readFileSync(file));
  } catch {
    const folder = mkdtempSync(join(tmpdir(), "metron-capture-"));
    const converted = join(folder, `${basename(file)}.pcap`);
    try {
      execFileSync("editcap", ["-F", "pcap", file, converted], { stdio: "ignore" });
      return readClassicPcap(readFileSync(converted));
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
  const layers = plainLayers(packets);
  const whole: WholeDatagram[] = [];
  for (let row = 0; row < layers.count; row++) {
    if (!(layers.flags[row]! & FLAG.fragment)) continue;
    const datagram = defragmenter.add(packets, layers, row, layers.packet[row]!);
    if (datagram !== undefined) whole.push(datagram);
  }
  collector.add(packets, layers);
  const block = datagramBlock(whole);
  collector.add(block, plainLayers(block));
  return collector.conversations();
}
