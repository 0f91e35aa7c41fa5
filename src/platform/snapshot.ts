import { profilesIn } from "../config/profiles.ts";
import type { ConfigStore, Version } from "../config/store.ts";
import { Fault } from "../core/fault.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { PROFILER_SENSOR } from "../profiles/triage-message.ts";
import type { FunctionSource } from "./functions.ts";
import type { DocumentText, Snapshot } from "./protocol.ts";
import { ERROR_DOCUMENT } from "./refused-records.ts";

/** What triage values of profiles go through unless a document says something else. */
const PROFILER_DOCUMENT = `sensor: ${PROFILER_SENSOR}\nparser: { jsonMap: {} }\ntrusted: [is_alert]\n`;

/** The documents in force, with the functions found for them. */
export function snapshotOf(config: ConfigStore, functions: readonly FunctionSource[]): Snapshot {
  // An earlier version may have let a sensor of the name of ours be published.
  const sensors = config.list("sensor").filter(({ name }) => name !== ERROR_SENSOR);
  const profiles = documentText(config.get("profiles", "profiles"));
  return {
    revision: config.revision(),
    global: documentText(config.get("global", "global")),
    sensors: [
      ...sensors.map((version) => ({ name: version.name, ...documentText(version) })),
      { name: ERROR_SENSOR, version: 0, text: ERROR_DOCUMENT },
      ...(triages(profiles.text) && !sensors.some(({ name }) => name === PROFILER_SENSOR)
        ? [{ name: PROFILER_SENSOR, version: 0, text: PROFILER_DOCUMENT }]
        : []),
    ],
    functions,
    profiles,
  };
}

/** Whether profiles send anything to triage. */
function triages(text: string): boolean {
  if (!text.includes("triage")) return false;
  try {
    return profilesIn(text).profiles.some(({ triage }) => triage.length > 0);
  } catch (error) {
    // Of another version; who takes it into use says so.
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** A version as threads get it; the text of a document that does not exist is empty. */
function documentText(version: Version | undefined): DocumentText {
  return { version: version?.version ?? 0, text: version?.text ?? "" };
}
