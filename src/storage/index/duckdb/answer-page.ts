import { applyPatch, chosenFields } from "../blocks/messages.ts";
import type { IndexProblem, SearchRequest, SearchResult } from "../contract.ts";
import { hintsOf } from "../hints.ts";
import type { FileHealth } from "../segments/file-health.ts";
import { hintSource } from "./hint-source.ts";
import type { Patches } from "./patches.ts";
import { limitProblems, searchPage, sortKinds } from "./search.ts";
import { type Library, Selected } from "./selection.ts";

type PageParts = { readonly patches: Patches; readonly health: FileHealth };

/** One page of messages as they are now, with what a person should know about it. @param lacks what of the archive it lacks */
export async function answerPage(
  { patches, health }: PageParts,
  library: Library,
  request: SearchRequest,
  lacks: readonly IndexProblem[],
): Promise<SearchResult> {
  using selected = new Selected(library, request, []);
  const names = library.names();
  const wanted = request.fields && new Set(request.fields.map((field) => names.resolve(field) ?? field));
  const unknownFields = selected.unknownFields().filter(({ field }) => request.declares?.(field) !== true);
  const found = await searchPage(library, request, wanted);
  const messages = found.messages.map((message) => {
    const whole = applyPatch(message, patches.get(message.guid as string));
    return wanted === undefined ? whole : chosenFields(whole, wanted);
  });
  const isEmpty = found.messages.length === 0 && (found.total ?? 0) === 0;
  return {
    total: found.total,
    messages,
    ...(request.places === true && {
      places: { kinds: sortKinds(library, request), values: found.places },
    }),
    cursor: found.cursor,
    unknownFields,
    hints: await hintsOf(hintSource(library), request, unknownFields, isEmpty),
    problems: [...health.problems(request), ...lacks, ...limitProblems(found.limits)],
  };
}
