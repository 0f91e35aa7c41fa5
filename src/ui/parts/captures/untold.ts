import type { CaptureState } from "../../../api/captures.ts";

/** Why a capture file was not taken, or not taken whole. */
export type UploadFailure = {
  readonly reason: string;
  /** Whether it broke off on its way: what came before may be stored. */
  readonly isPartial: boolean;
};

/** A capture file that was not taken. */
export type FailedUpload = UploadFailure & { readonly id: number; readonly file: File };

/** The captures that were not taken, but for those of which one in the list tells the same. */
export function untoldOf(
  failed: readonly FailedUpload[],
  listed: readonly CaptureState[],
): readonly FailedUpload[] {
  const told = new Set(listed.map(({ name, error }) => `${name}: ${error}`));
  return failed.filter(({ file, reason }) => !told.has(`${file.name}: ${reason}`));
}
