import { problemOf } from "../../../call.ts";
import { countText } from "../../../parts/numbers.ts";
import type { PageState, View } from "../state.ts";
import type { Change } from "../use-page-state.ts";
import { ColumnMenu } from "./column-menu.tsx";
import { GroupMenu } from "./group-menu.tsx";
import "./list-head.css";

/** What the rows of a view are called. */
export const WHAT: Record<View, string> = {
  alerts: "alerts",
  messages: "messages",
  rejected: "rejected records",
};

type Props = {
  readonly state: PageState;
  readonly change: Change;
  readonly total: number | undefined;
  readonly isSearching: boolean;
  /** Why the last change of a status was not kept. */
  readonly statusError: unknown;
};

/** How many there are, and how they are laid out. */
export function ListHead({ state, change, total, isSearching, statusError }: Props) {
  return (
    <div className="list-head">
      <span role="status">
        {total !== undefined && (
          <>
            <b>{countText(total)}</b> {WHAT[state.view]}
          </>
        )}
        {isSearching && total === undefined && "Searching…"}
      </span>
      {statusError !== null && (
        <span role="alert">The status was not changed: {problemOf(statusError).detail}</span>
      )}
      <GroupMenu state={state} change={change} />
      <ColumnMenu state={state} change={change} />
    </div>
  );
}
