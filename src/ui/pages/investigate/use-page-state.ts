import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
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
          return writeState({ ...base, ...parts });
        },
      }),
    [navigate],
  );
  return [state, change];
}
