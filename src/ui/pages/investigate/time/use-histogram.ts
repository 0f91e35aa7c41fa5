import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { messageHistogram } from "../../../../api/search.ts";
import { call } from "../../../call.ts";
import { type PageState, SCORE, selectionOf, type View } from "../state.ts";
import { useLastGood } from "../use-last-good.ts";

/** Alerts are divided by how alarming they are, all messages by whether they are alerts. */
const SPLIT: Record<View, string> = { alerts: SCORE, messages: "is_alert", rejected: "error_type" };

/** About one bar in twelve pixels of a wide screen. */
const BUCKETS = 120;

/** How many messages there are over time. */
export function useHistogram(state: PageState) {
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
  });
  return { ...result, data: useLastGood(result) };
}
