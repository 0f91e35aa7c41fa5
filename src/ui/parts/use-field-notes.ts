import { useQuery } from "@tanstack/react-query";
import { listFields } from "../../api/search.ts";
import { call } from "../call.ts";

/** What is declared of a field: its meaning, its unit, one sentence. */
export type FieldNote = Awaited<ReturnType<typeof loadFields>>[number];

/** What is declared of stored fields, by name; empty until the server has answered. */
export function useFieldNotes(): ReadonlyMap<string, FieldNote> {
  const { data = NONE } = useQuery({
    queryKey: ["fields"],
    queryFn: ({ signal }) => loadFields(signal),
    // Declarations change only with the program.
    staleTime: 60_000,
    select: byName,
  });
  return data;
}

const NONE: ReadonlyMap<string, FieldNote> = new Map();

async function loadFields(signal: AbortSignal) {
  return (await call(listFields, { signal })).fields;
}

function byName(fields: readonly FieldNote[]): ReadonlyMap<string, FieldNote> {
  return new Map(fields.map((field) => [field.name, field]));
}
