import { writePcapng } from "../../pcap/formats/write-pcapng.ts";
import type { Packets } from "../../pcap/packets.ts";
import type { ScenarioOptions } from "../scenario.ts";
import { intrusionCapture } from "./capture.ts";

/**
 * The packets of a scenario as a pcapng file that says what it is: chunks of bytes, made as they are asked for.
 * @param packets where a tap has heard them already
 */
export function captureFile(
  options: ScenarioOptions,
  packets: Iterable<Packets> = intrusionCapture(options),
): AsyncGenerator<Uint8Array> {
  const comment = `Made up by Metron's scenario with seed ${options.seed} and ${options.hosts} workstations; no file in it is harmful.`;
  return writePcapng(packets, { application: "Metron", comments: [comment] });
}
