import { CloseButton } from "@mantine/core";
import { problemOf } from "../../../call.ts";
import { countText } from "../../../parts/numbers.ts";
import type { PageState, View } from "../state.ts";
import type { Change } from "../use-page-state.ts";
import type { NotKept } from "../use-status-change.ts";
import { ColumnMenu } from "./column-menu.tsx";
import { GroupMenu } from "./group-menu.tsx";
import "./list-head.css";

/** What a row of a view is called. */
const WHAT: Record<View, string> = { alerts: "alert", messages: "message", rejected: "rejected record" };

/** What so many rows of a view are called. */
export function whatOf(view: View, count: number): string {
  return count === 1 ? WHAT[view] : `${WHAT[view]}s`;
}

type Props = {
  readonly state: PageState;
  readonly change: Change;
  readonly total: number | undefined;
  readonly isSearching: boolean;
  readonly notKept: NotKept;
  readonly onForget: () => void;
};

/** How many there are, and how they are laid out. */
export function ListHead({ state, change, total, isSearching, notKept, onForget }: Props) {
  const [reason] = notKept.values();
  return (
    <div className="list-head">
      <span role="status">
        {total !== undefined && (
          <>
            <b>{countText(total)}</b> {whatOf(state.view, total)}
          </>
        )}
        {isSearching && total === undefined && "Searching…"}
      </span>
      {notKept.size > 0 && (
        <span className="list-not-kept">
          <span role="alert">
            {notKept.size === 1 ? "The status was" : `The status of ${countText(notKept.size)} alerts was`}{" "}
            not changed: {problemOf(reason).detail}
          </span>
          <CloseButton size="xs" aria-label="Do not show this any more" onClick={onForget} />
        </span>
      )}
      <GroupMenu state={state} change={change} />
      <ColumnMenu state={state} change={change} />
    </div>
  );
}
