import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { facetMessages } from "../../../../api/search.ts";
import { call } from "../../../call.ts";
import { type PageState, RULE_NAMES, selectionOf, type View } from "../state.ts";
import { STATUS } from "../status.ts";
import { useLastGood } from "../use-last-good.ts";

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

/** The fields whose values are counted: those that stand, and those an analyst added. */
export function facetFields(state: PageState): string[] {
  return [...new Set([...STANDING_FACETS[state.view], ...state.facets])];
}

/** The counts of the facets. */
export function useFacets(state: PageState) {
  const fields = facetFields(state);
  const result = useQuery({
    queryKey: ["counts", "facets", state.q, state.t, state.view, fields],
    queryFn: ({ signal }) =>
      call(facetMessages, { body: { ...selectionOf(state, Date.now()), fields, size: FACET_SIZE }, signal }),
    placeholderData: keepPreviousData,
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
