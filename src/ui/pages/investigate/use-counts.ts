import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { facetMessages, listFields, messageHistogram } from "../../../api/search.ts";
import { call } from "../../call.ts";
import { type PageState, RULE_NAMES, SCORE, selectionOf, type View } from "./state.ts";
import { STATUS } from "./status.ts";
import { useLastGood } from "./use-last-good.ts";

/** The facets that stand from the start, and what they are called. */
const STANDING_FACETS: Record<View, readonly string[]> = {
  alerts: [
    "source.type",
    RULE_NAMES,
    STATUS,
    "ip_src_addr",
    "ip_dst_addr",
    "enrichments.geo.ip_dst_addr.country",
    "protocol",
  ],
  messages: ["source.type", "is_alert", "ip_src_addr", "ip_dst_addr", "ip_dst_port", "protocol"],
  rejected: ["failed_sensor_type", "error_type", "message"],
};

const LABELS: Record<string, string> = {
  "source.type": "Sensor",
  [RULE_NAMES]: "Rule",
  [STATUS]: "Status",
  ip_src_addr: "Source address",
  ip_dst_addr: "Destination address",
  ip_dst_port: "Destination port",
  "enrichments.geo.ip_dst_addr.country": "Destination country",
  protocol: "Protocol",
  is_alert: "Alert",
  failed_sensor_type: "Sensor",
  error_type: "Stage",
  message: "Reason",
};

export function facetLabel(field: string): string {
  return LABELS[field] ?? field;
}

const FACET_SIZE = 8;

const MORE_VALUES = 50;

/** New telemetry may bring new fields, but seldom does. */
const FIELDS_EVERY = 10_000;

/** Alerts are divided by how alarming they are, all messages by whether they are alerts. */
const SPLIT: Record<View, string> = { alerts: SCORE, messages: "is_alert", rejected: "error_type" };

/** About one bar in twelve pixels of a wide screen. */
const BUCKETS = 120;

/** The fields whose values are counted: those that stand, and those an analyst added. */
export function facetFields(state: PageState): string[] {
  return [...new Set([...STANDING_FACETS[state.view], ...state.facets])];
}

export function useFacets(state: PageState, enabled: boolean) {
  const fields = facetFields(state);
  const result = useQuery({
    queryKey: ["counts", "facets", state.q, state.t, state.view, fields],
    queryFn: ({ signal }) =>
      call(facetMessages, { body: { ...selectionOf(state, Date.now()), fields, size: FACET_SIZE }, signal }),
    placeholderData: keepPreviousData,
    enabled,
  });
  return { ...result, data: useLastGood(result) };
}

/** More values of one facet, once they are asked for. */
export function useMoreValues(state: PageState, field: string, wanted: boolean) {
  return useQuery({
    queryKey: ["counts", "values", state.q, state.t, state.view, field],
    queryFn: async ({ signal }) => {
      const body = { ...selectionOf(state, Date.now()), fields: [field], size: MORE_VALUES };
      return (await call(facetMessages, { body, signal })).facets[0]?.values ?? [];
    },
    placeholderData: keepPreviousData,
    enabled: wanted,
  });
}

export function useHistogram(state: PageState, enabled: boolean) {
  const result = useQuery({
    queryKey: ["counts", "histogram", state.q, state.t, state.view],
    queryFn: ({ signal }) =>
      call(messageHistogram, {
        body: {
          ...selectionOf(state, Date.now()),
          buckets: BUCKETS,
          split: SPLIT[state.view],
          splitSize: 20,
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    enabled,
  });
  return { ...result, data: useLastGood(result) };
}

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
