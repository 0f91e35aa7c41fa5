import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { facetMessages, listFields, messageHistogram } from "../../../api/search.ts";
import { call } from "../../call.ts";
import { type PageState, RULES, SCORE, selectionOf } from "./state.ts";

/** The facets every analyst starts from. */
export const STANDING_FACETS: readonly { field: string; label: string }[] = [
  { field: "source.type", label: "Sensor" },
  { field: `${RULES}.0.name`, label: "Rule" },
  { field: "ip_src_addr", label: "Source address" },
  { field: "ip_dst_addr", label: "Destination address" },
  { field: "enrichments.geo.ip_dst_addr.country", label: "Destination country" },
  { field: "protocol", label: "Protocol" },
  { field: "is_alert", label: "Alert" },
];

const FACET_SIZE = 8;

/** About one bar in twelve pixels of a wide screen. */
const BUCKETS = 120;

export function facetFields(state: PageState): string[] {
  const standing = STANDING_FACETS.map(({ field }) => field);
  return [...new Set([...standing, ...state.facets])].filter(
    (field) => field !== "is_alert" || state.view === "messages",
  );
}

export function useFacets(state: PageState, enabled: boolean) {
  const fields = facetFields(state);
  return useQuery({
    queryKey: ["counts", "facets", state.q, state.t, state.view, fields],
    queryFn: ({ signal }) =>
      call(facetMessages, { body: { ...selectionOf(state, Date.now()), fields, size: FACET_SIZE }, signal }),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export function useHistogram(state: PageState, enabled: boolean) {
  return useQuery({
    queryKey: ["counts", "histogram", state.q, state.t, state.view],
    queryFn: ({ signal }) =>
      call(messageHistogram, {
        body: {
          ...selectionOf(state, Date.now()),
          buckets: BUCKETS,
          // Alerts are divided by how alarming they are, all messages by whether they are alerts.
          split: state.view === "alerts" ? SCORE : "is_alert",
          splitSize: 20,
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export function useFields() {
  return useQuery({
    queryKey: ["fields"],
    queryFn: async ({ signal }) => (await call(listFields, { signal })).fields,
    staleTime: 60_000,
  });
}

/** Counts again what the facets and the histogram show, keeping what is shown until the answer is there. */
export function useRecount() {
  const client = useQueryClient();
  return useCallback(
    () =>
      client.invalidateQueries({ queryKey: ["counts"], predicate: ({ state }) => state.status !== "error" }),
    [client],
  );
}
