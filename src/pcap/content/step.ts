/** What is left when one coding was taken off, and what was wrong with it. */
export type Step = { readonly pieces: readonly Uint8Array[]; readonly note?: string | undefined };

/** That what was taken off is more than may come out. */
export function cutNote(limit: number): string {
  return `cut at ${limit} bytes`;
}
