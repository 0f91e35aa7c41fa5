import type { Layers } from "../../pcap/layers.ts";
import type { Packets } from "../../pcap/packets.ts";

/** Makes records of flows: maps of JSON in the form of Zeek's logs. */
type Flows = {
  push(packets: Packets, layers: Layers): void;
  /** Says what time it is, in microseconds since 1970. */
  tick(micros: number): void;
  end(): void;
  readonly counts: { readonly flows: number };
};

export type OpenFlows = (options: { readonly emit: (record: Uint8Array) => void }) => Flows;

/** No flows are followed. */
export const openFlows: OpenFlows = () => ({ push() {}, tick() {}, end() {}, counts: { flows: 0 } });
