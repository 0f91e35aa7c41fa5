import type { CaptureState } from "../../../api/captures.ts";

/** Why captures were not taken, as far as no capture in a list tells the same. */
export function untoldOf(refused: readonly string[], listed: readonly CaptureState[]): readonly string[] {
  const told = new Set(listed.map(({ name, error }) => `${name}: ${error}`));
  return refused.filter((reason) => !told.has(reason));
}
