import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { checkDocument, type DocumentHead } from "../../../api/config.ts";
import { listFields } from "../../../api/search.ts";
import { listFunctions } from "../../../api/stellar.ts";
import type { CompletionSources } from "../../../stellar/editor/completion.ts";
import { call } from "../../call.ts";

/** Typing pauses this long before the text is checked. */
const PAUSE = 350;

/** What the server says of a text while it is being typed: its mistakes, and where its expressions are. */
export function useDocumentCheck(
  { kind, name }: Pick<DocumentHead, "kind" | "name">,
  text: string | undefined,
) {
  const [settled] = useDebouncedValue(text, PAUSE);
  return useQuery({
    queryKey: ["check", kind, name, settled],
    queryFn: async ({ signal }) => ({
      ...(await call(checkDocument, { body: { kind, name, text: settled ?? "" }, signal })),
      text: settled ?? "",
    }),
    enabled: settled !== undefined,
    placeholderData: keepPreviousData,
    // What a document may say changes with other documents and with the functions there are.
    staleTime: 0,
    gcTime: 60_000,
  });
}

/** What expressions are completed with: the functions they may call and the fields of stored messages. */
export function useExpressionWords(): () => CompletionSources {
  const functions = useQuery({
    queryKey: ["functions"],
    queryFn: async ({ signal }) => (await call(listFunctions, { signal })).functions,
    staleTime: 60_000,
  }).data;
  const fields = useQuery({
    queryKey: ["fields"],
    queryFn: async ({ signal }) => (await call(listFields, { signal })).fields,
    staleTime: 60_000,
  }).data;
  return useCallback(
    () => ({
      functions: functions ?? [],
      variables: (fields ?? []).map(({ name, type, about }) => [name, about || type] as const),
    }),
    [functions, fields],
  );
}
