/** What became of the messages of a commit where that is not that each is new, by the sensor under which it was written. */
export type Kept = {
  /** Messages that the engine had already: somebody stored them who could not note how far that was. */
  readonly before: ReadonlyMap<string, number>;
  /** Messages that the engine refused, and in whose place error records are stored. */
  readonly refused: ReadonlyMap<string, number>;
};

/** All are new, as far as is known. */
export const ALL_NEW: Kept = { before: new Map(), refused: new Map() };
