import type { Catalogue } from "../core/component.ts";
import { kafka } from "./kafka/kafka.ts";
import type { SinkDefinition } from "./sink.ts";

/** Every sink there is, in the order of the reference. */
export const sinks: Catalogue<SinkDefinition> = {
  kind: "sink",
  list: [kafka],
};
