import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { listFields } from "../../../api/search.ts";
import { call } from "../../call.ts";

/** New telemetry may bring new fields, but seldom does. */
const FIELDS_EVERY = 10_000;

/** Every field that a message has. */
export function useFields() {
  return useQuery({
    queryKey: ["fields"],
    queryFn: async ({ signal }) => (await call(listFields, { signal })).fields,
    staleTime: FIELDS_EVERY,
  });
}

/** Counts again what the facets and the histogram show, keeping what is shown until the answer is there. */
export function useRecount() {
  const client = useQueryClient();
  return useCallback(async () => {
    const old = Date.now() - FIELDS_EVERY;
    await Promise.all([
      client.invalidateQueries({ queryKey: ["counts"], predicate: ({ state }) => state.status !== "error" }),
      client.invalidateQueries({ queryKey: ["fields"], predicate: ({ state }) => state.dataUpdatedAt < old }),
    ]);
  }, [client]);
}
