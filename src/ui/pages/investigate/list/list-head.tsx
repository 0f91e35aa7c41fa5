import { Button } from "@mantine/core";
import { countText } from "../../../parts/numbers.ts";
import type { PageState, View } from "../state.ts";
import { statusText } from "../status.ts";
import type { Change } from "../use-page-state.ts";
import type { useStatusChange } from "../use-status-change.ts";
import { ColumnMenu } from "./column-menu.tsx";
import { GroupMenu } from "./group-menu.tsx";
import "./list-head.css";

/** What a row of a view is called. */
const WHAT: Record<View, string> = { alerts: "alert", messages: "message", rejected: "rejected record" };

/** What rows of a view are called, by their number. */
export function whatOf(view: View, count: number): string {
  return count === 1 ? WHAT[view] : `${WHAT[view]}s`;
}

type Props = {
  readonly state: PageState;
  readonly change: Change;
  readonly total: number | undefined;
  readonly isSearching: boolean;
  readonly statusChange: Pick<ReturnType<typeof useStatusChange>, "lastWritten" | "undo">;
};

/** How many there are, what was just done, and how they are laid out. */
export function ListHead({ state, change, total, isSearching, statusChange }: Props) {
  const { lastWritten, undo } = statusChange;
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
      {lastWritten !== undefined && (
        <span className="list-undo">
          <span role="status">Alert now: {statusText(lastWritten) || "New"}</span>
          <Button variant="subtle" size="compact-xs" onClick={undo}>
            Undo (u)
          </Button>
        </span>
      )}
      <GroupMenu state={state} change={change} />
      <ColumnMenu state={state} change={change} />
    </div>
  );
}
