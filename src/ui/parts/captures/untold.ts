import type { CaptureState } from "../../../api/captures.ts";

/** A capture file that was not taken. */
export type FailedUpload = { readonly id: number; readonly file: File; readonly reason: string };

/** The captures that were not taken, but for those of which one in the list tells the same. */
export function untoldOf(
  failed: readonly FailedUpload[],
  listed: readonly CaptureState[],
): readonly FailedUpload[] {
  const told = new Set(listed.map(({ name, error }) => `${name}: ${error}`));
  return failed.filter(({ file, reason }) => !told.has(`${file.name}: ${reason}`));
}
