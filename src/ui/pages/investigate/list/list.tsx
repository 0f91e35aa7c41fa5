import { useCallback, useImperativeHandle, useRef, useState } from "react";
import { problemOf } from "../../../call.ts";
import { type Shortcuts, useShortcuts } from "../../../parts/keys.ts";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { callView } from "../details/panes/packets/arrival.ts";
import { PACKETS_KEYS } from "../details/panes/packets/packets-keys.ts";
import { firstPackets } from "../details/panes/packets/packets-state.ts";
import { DEFAULT_SORT, type PageState, SCORE } from "../state.ts";
import { STATUSES } from "../status.ts";
import type { Change } from "../use-page-state.ts";
import type { useStatusChange } from "../use-status-change.ts";
import { AnswerNotes } from "./answer-notes.tsx";
import { Groups } from "./groups.tsx";
import { ListHead } from "./list-head.tsx";
import { MessageTable, type TableHandle } from "./message-table.tsx";
import { NoRows } from "./no-rows.tsx";
import { NotKeptBanner } from "./not-kept-banner.tsx";
import { RowsBanner } from "./rows-banner.tsx";
import { RowsWaiting } from "./rows-waiting.tsx";
import { type Opened, useEarlyKeys } from "./use-early-keys.ts";
import type { useRows } from "./use-rows.ts";

export type ListHandle = Pick<TableHandle, "focus" | "atTop">;

type Props = {
  readonly state: PageState;
  readonly change: Change;
  readonly rows: ReturnType<typeof useRows>;
  readonly statusChange: ReturnType<typeof useStatusChange>;
  /** Whether the server has stopped telling of new rows. */
  readonly isLost: boolean;
  readonly ref: React.Ref<ListHandle>;
};

export const LIST_KEYS = {
  next: { keys: ["j", "ArrowDown"], about: "Next row" },
  previous: { keys: ["k", "ArrowUp"], about: "Previous row" },
  first: { keys: ["g"], about: "First row" },
  last: { keys: ["G"], about: "Last loaded row" },
  open: { keys: ["Enter"], about: "Open the row's details" },
  sort: { keys: ["s"], about: "Sort by score or by time" },
  showNew: { keys: ["."], about: "Show new rows" },
  undo: { keys: ["u"], about: "Take back the last change of a status, then the one before" },
} as const satisfies Shortcuts;

/** What was found: rows or groups, what must be known of them, or why there are none. */
export function List({ state, change, rows, statusChange, isLost, ref }: Props) {
  const opened = state.guid;
  const [cursor, setCursor] = useState(opened);
  // The message that is opened is where the cursor is, also when the browser went back to it.
  if (opened !== undefined && cursor !== opened) setCursor(opened);
  const isGrouped = state.group.length > 0;
  const table = useRef<TableHandle>(null);
  // What keys act on: what is opened, or the row that the cursor marks.
  const isMarked = !isGrouped && rows.rows.some((row) => row.guid === cursor);
  const selected = opened ?? (isMarked ? cursor : undefined);
  const refused = rows.error !== null && problemOf(rows.error).code === "QUERY_INVALID";
  const failed = rows.error !== null && !refused;
  const hasRows = rows.rows.length > 0;

  useImperativeHandle(
    ref,
    () => ({ focus: () => table.current?.focus(), atTop: () => table.current?.atTop() ?? true }),
    [],
  );

  const open = useCallback(
    (guid: string) => change({ guid }, { replace: opened !== undefined }),
    [change, opened],
  );
  const openAs = (guid: string, what: Opened) => {
    if (what === "fields") return open(guid);
    callView();
    change({ guid, packets: firstPackets() });
  };
  const early = useEarlyKeys(rows.isPending, ({ by, opens }) => {
    const first = rows.rows[Math.min(rows.rows.length - 1, by - 1)];
    if (first === undefined || isGrouped || opened !== undefined) return;
    setCursor(String(first.guid));
    table.current?.focus();
    if (opens !== undefined) openAs(String(first.guid), opens);
  });
  const step = (by: number) => {
    if (early.step(by)) return;
    // A cursor among rows that the groups hide is one that nobody sees.
    if (isGrouped && opened === undefined) return;
    const at = rows.rows.findIndex((row) => row.guid === cursor);
    const next = rows.rows[Math.max(0, Math.min(rows.rows.length - 1, at + by))];
    if (next === undefined) return;
    setCursor(String(next.guid));
    if (opened !== undefined) open(String(next.guid));
    table.current?.focus();
  };
  const showNew = () => {
    table.current?.toTop();
    void rows.look(true);
  };
  const openSelected = (what: Opened) => {
    if (selected !== undefined) openAs(selected, what);
    else early.open(what);
  };
  const { fetchNextPage, isFetchingNextPage } = rows;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);

  useShortcuts([
    [LIST_KEYS.next, () => step(1)],
    [LIST_KEYS.previous, () => step(-1)],
    [LIST_KEYS.first, () => step(Number.NEGATIVE_INFINITY)],
    [LIST_KEYS.last, () => step(Number.POSITIVE_INFINITY)],
    [LIST_KEYS.open, () => openSelected("fields")],
    [
      LIST_KEYS.sort,
      () => change({ sort: DEFAULT_SORT[state.sort[0]?.field === SCORE ? "messages" : "alerts"] }),
    ],
    [LIST_KEYS.showNew, showNew],
    [LIST_KEYS.undo, statusChange.undo],
  ]);
  // The details serve it once they are open.
  useShortcuts(opened === undefined ? [[PACKETS_KEYS.open, () => openSelected("packets")]] : []);

  // Here alone, as details that are on their way or that show packets have no control of the status to serve them.
  useShortcuts(
    selected === undefined
      ? []
      : STATUSES.map((status) => [
          status,
          () => statusChange.change({ guid: selected, status: status.value }),
        ]),
  );

  return (
    <section className="list" aria-label="Results">
      <ListHead
        state={state}
        change={change}
        total={rows.total}
        isSearching={rows.isFetching}
        statusChange={statusChange}
      />
      <NotKeptBanner
        notKept={statusChange.notKept}
        onRetry={statusChange.retry}
        onForget={statusChange.forget}
      />
      <AnswerNotes hints={rows.hints} partial={rows.partial} view={state.view} change={change} />
      {hasRows && (
        <RowsBanner
          waiting={rows.waiting}
          stale={failed || isLost}
          refused={refused}
          since={rows.dataUpdatedAt}
          onShow={showNew}
          onRetry={() => rows.refetch()}
        />
      )}
      {rows.isPending && <RowsWaiting />}
      {failed && !hasRows && <ProblemNotice error={rows.error} onRetry={() => rows.refetch()} />}
      {rows.isSuccess && !hasRows && <NoRows state={state} change={change} />}
      {refused && !hasRows && <p className="notice dim">Correct the query to see rows again.</p>}
      {isGrouped && hasRows && <Groups state={state} change={change} />}
      {!isGrouped && hasRows && (
        <MessageTable
          ref={table}
          state={state}
          change={change}
          rows={rows.rows}
          total={rows.total}
          hasMore={rows.hasNextPage}
          stale={rows.isPlaceholderData || refused}
          cursor={cursor}
          onCursor={setCursor}
          onOpen={open}
          onMore={more}
        />
      )}
    </section>
  );
}
