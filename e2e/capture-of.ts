import { writePcapng } from "../src/pcap/formats/write-pcapng.ts";
import { blockOf } from "../src/pcap/testing/frames.ts";
import type { Talk } from "../src/pcap/testing/talk.ts";

/** Conversations whose every byte is known, as a capture file. */
export async function captureOf(...talks: readonly Talk[]): Promise<Buffer<ArrayBuffer>> {
  const frames = talks.flatMap((talk) => talk.frames).sort((one, other) => one.micros - other.micros);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writePcapng([blockOf(frames)], { application: "Metron" })) chunks.push(chunk);
  return Buffer.concat(chunks) as Buffer<ArrayBuffer>;
}
