import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { keepSelection, packetsOfOther } from "./details/panes/packets/selections.ts";
import { type PageState, pickSearch, readState, writeState } from "./state.ts";

/** A change of the page's state. `replace` leaves no entry in the browser's history: for steps nobody goes back to. */
export type Change = (change: Partial<PageState>, options?: { replace?: boolean }) => void;

const PATH = "/";

/** The page's state, which is the address, and the one way to change it. */
export function usePageState(): [PageState, Change] {
  const search = useAddress();
  const navigate = useNavigate();
  const text = JSON.stringify(pickSearch(search));
  const state = useMemo(() => readState(JSON.parse(text)), [text]);
  const change = useCallback<Change>(
    (parts, { replace = false } = {}) =>
      void navigate({
        to: PATH,
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

/**
 * The parameters of the address as it is now. The router's own `useSearch` follows in a transition, a while later: a key that is pressed
 * at once after another one would act on the alert that was selected before, or on none.
 */
function useAddress(): Record<string, unknown> {
  const router = useRouter();
  // While another page is on its way the address is already that one's, and this page stays as it was.
  const before = useSearch({ strict: false });
  const address = useSyncExternalStore(
    (onChange) => router.history.subscribe(onChange),
    () => (router.history.location.pathname === PATH ? router.history.location.search : undefined),
  );
  return address === undefined ? before : router.options.parseSearch(address);
}

/** Another message is seen through the same view of its packets; what was selected in those of the former one means nothing there. */
function packetsOf({ guid, packets }: PageState, parts: Partial<PageState>): Partial<PageState> {
  if (!("guid" in parts) || parts.guid === guid || packets === undefined) return {};
  if (guid !== undefined) keepSelection(guid, packets);
  return { packets: packetsOfOther(parts.guid, packets) };
}
