import { openDecoder } from "../decode/decode.ts";
import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";

/** The layers of packets, in columns of their own: those of a decoder are used again by its next block. */
export function layersOf(packets: Packets): Layers {
  return openDecoder().decode(packets);
}
