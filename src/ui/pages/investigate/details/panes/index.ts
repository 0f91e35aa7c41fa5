import type { Pane } from "../pane.ts";
import { changesPane } from "./changes.tsx";
import { endsPane } from "./ends.tsx";
import { enrichmentsPane } from "./enrichments.tsx";
import { intelPane } from "./intel.tsx";
import { networkPane } from "./network.tsx";
import { rawPane } from "./raw.tsx";
import { recordPane } from "./record.tsx";
import { scorePane } from "./score.tsx";
import { sensorPane } from "./sensor.tsx";

/** Everything the details can say of a message, in the order in which it is read. */
export const panes: readonly Pane[] = [
  scorePane,
  intelPane,
  endsPane,
  networkPane,
  enrichmentsPane,
  sensorPane,
  changesPane,
  recordPane,
  rawPane,
];
