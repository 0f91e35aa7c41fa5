import type { SchemaColumn } from "./catalogue.ts";

/** Of columns whose forms were all read before, every so many-th is counted; others of the next file. */
const TURNS = 4;

/** In what forms the chunks of each field are, see `FACT.form`. */
export type Forms = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * Which columns of a file are counted (docs/decisions/0007-files-are-read.md). Mistakes come with what is new: a column in
 * any form that no file had before is counted at once; those whose forms have all been read take turns.
 */
export class CountTurns {
  readonly #read = new Set<number>();
  #turn = 0;

  next(columns: readonly SchemaColumn[], forms: Forms): SchemaColumn[] {
    const turn = this.#turn++ % TURNS;
    return columns.filter(({ field }, place) => {
      const own = forms.get(field);
      return place % TURNS === turn || own === undefined || !this.#read.isSupersetOf(own);
    });
  }

  /** Notes that these columns were counted, and right. */
  counted(columns: readonly SchemaColumn[], forms: Forms): void {
    for (const { field } of columns) for (const form of forms.get(field) ?? []) this.#read.add(form);
  }
}
