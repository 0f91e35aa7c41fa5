import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { firstPackets } from "./details/panes/packets/packets-state.ts";
import { type PageState, pickSearch, readState, writeState } from "./state.ts";

/** A change of the page's state. `replace` leaves no entry in the browser's history: for steps nobody goes back to. */
export type Change = (change: Partial<PageState>, options?: { replace?: boolean }) => void;

/** The page's state, which is the address, and the one way to change it. */
export function usePageState(): [PageState, Change] {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const text = JSON.stringify(pickSearch(search));
  const state = useMemo(() => readState(JSON.parse(text)), [text]);
  const change = useCallback<Change>(
    (parts, { replace = false } = {}) =>
      void navigate({
        to: "/",
        replace,
        search: (previous: Record<string, unknown>) => {
          const current = readState(pickSearch(previous));
          // Columns and order belong to the view: changing it takes those of the other one.
          const base =
            parts.view === undefined || parts.view === current.view
              ? current
              : readState({ ...pickSearch(previous), view: parts.view, sort: "", cols: "", group: "" });
          return writeState({ ...base, ...packetsOf(current, parts), ...parts });
        },
      }),
    [navigate],
  );
  return [state, change];
}

/** Another message is seen through the same view of its packets; what was selected in those of the former one means nothing there. */
function packetsOf({ guid, packets }: PageState, parts: Partial<PageState>): Partial<PageState> {
  if (!("guid" in parts) || parts.guid === guid || packets === undefined) return {};
  const { tab, show, side } = packets;
  return { packets: { ...firstPackets(tab), show, side } };
}
