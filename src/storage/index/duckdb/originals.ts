import { join } from "node:path";
import { readTexts, type TextPages } from "../parquet/text-pages.ts";
import type { Relation } from "./relations.ts";

/** Puts the originals into rows that were read without them. */
export type Originals = {
  /** @param rows whose cells from `at + 1` on are the file's place in the relation and the row's in the file. */
  fill(rows: unknown[][], at: number): Promise<void>;
};

/** How the originals of a relation are read apart from the other fields; undefined when that is not possible. */
export function originalsOf({ segments, isPatched }: Relation, folder: string): Originals | undefined {
  if (isPatched || segments.length === 0 || segments.some(({ originals }) => originals === undefined))
    return undefined;
  return {
    async fill(rows, at) {
      const byFile = Map.groupBy(rows, (row) => Number(row[at + 1]));
      await Promise.all(
        [...byFile].map(async ([place, own]) => {
          const { file, originals } = segments[place] as (typeof segments)[number];
          const numbers = own.map((row) => Number(row[at + 2]));
          const texts = await readTexts(join(folder, file), originals as TextPages, numbers);
          for (const [index, row] of own.entries())
            row.splice(at + 1, 2, texts.get(numbers[index] as number));
        }),
      );
    },
  };
}
