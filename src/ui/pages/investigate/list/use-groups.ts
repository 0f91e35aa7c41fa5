import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { groupMessages } from "../../../../api/search.ts";
import { call } from "../../../call.ts";
import { type PageState, selectionOf } from "../state.ts";

const GROUPS = 100;

/** The groups of what is looked at, the most alarming first. */
export function useGroups(state: PageState) {
  const fields = [...state.group];
  return useQuery({
    queryKey: ["counts", "groups", state.q, state.t, state.view, fields],
    queryFn: async ({ signal }) => {
      const body = {
        ...selectionOf(state, Date.now()),
        fields,
        size: GROUPS,
        order: state.view === "alerts" ? ("score" as const) : ("count" as const),
      };
      return (await call(groupMessages, { body, signal })).groups;
    },
    placeholderData: keepPreviousData,
    enabled: fields.length > 0,
  });
}
