import type { ConfigStore, Version } from "../config/store.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import type { FunctionSource } from "./functions.ts";
import type { DocumentText, Snapshot } from "./protocol.ts";
import { ERROR_DOCUMENT } from "./refused-records.ts";

/** The documents in force, with the functions found for them. */
export function snapshotOf(config: ConfigStore, functions: readonly FunctionSource[]): Snapshot {
  // An earlier version may have let a sensor of the name of ours be published.
  const sensors = config.list("sensor").filter(({ name }) => name !== ERROR_SENSOR);
  return {
    revision: config.revision(),
    global: documentText(config.get("global", "global")),
    sensors: [
      ...sensors.map((version) => ({ name: version.name, ...documentText(version) })),
      { name: ERROR_SENSOR, version: 0, text: ERROR_DOCUMENT },
    ],
    functions,
  };
}

/** A version as threads get it; the text of a document that does not exist is empty. */
function documentText(version: Version | undefined): DocumentText {
  return { version: version?.version ?? 0, text: version?.text ?? "" };
}
