import type { CaptureState } from "../../../api/captures.ts";

/** The state of a capture as a person reads it. */
export function stateName(state: CaptureState["state"]): string {
  return state === "damaged" ? "finished, with problems" : state;
}
