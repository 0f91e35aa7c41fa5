import type { HintSource } from "../hints.ts";
import { countOf, searchPage } from "./search.ts";
import { type Library, within } from "./selection.ts";

/** Messages, the newest ones, in which a value is looked for everywhere. */
const MOST_ROWS = 500_000;

/** The embedded index as hints ask it. */
export function hintSource(library: Library): HintSource {
  return {
    names: () => library.names(),
    fieldType: (field) => library.fieldType(field),
    fieldSensors: (field) => library.fieldSensors(field),
    now: library.now,
    count: (selection, isRare = false) => countOf(library, selection, isRare ? "apart" : "whole"),
    async sample({ query, from, to, sensors, signal }, size, field) {
      const selection = { query, from, to, sensors, signal };
      const recent: Library = {
        ...library,
        snapshot: () => {
          const { segments, blocks } = within(library.snapshot(), selection);
          let rows = 0;
          const newest = segments
            .toSorted((a, b) => b.maxTime - a.maxTime)
            .filter((segment) => {
              const isRecent = rows < MOST_ROWS;
              rows += segment.rows;
              return isRecent;
            });
          return { segments: newest, blocks };
        },
      };
      const page = { ...selection, size, total: false };
      return (await searchPage(recent, page, new Set([field]))).messages;
    },
  };
}
