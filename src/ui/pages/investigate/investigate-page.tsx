import { useCallback, useRef, useState } from "react";
import { problemOf } from "../../call.ts";
import { copy } from "../../parts/clipboard.ts";
import { countText } from "../../parts/numbers.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { DetailsPane } from "./details/details-pane.tsx";
import { PaneDivider, usePaneWidth } from "./details/pane-divider.tsx";
import { Facets } from "./facets/facets.tsx";
import { useFacets } from "./facets/use-facets.ts";
import { AnswerNotes } from "./list/answer-notes.tsx";
import { Groups } from "./list/groups.tsx";
import { ListHead, WHAT } from "./list/list-head.tsx";
import { LiveControl } from "./list/live-control.tsx";
import { MessageTable, type TableHandle } from "./list/message-table.tsx";
import { NoRows } from "./list/no-rows.tsx";
import { RowsBanner } from "./list/rows-banner.tsx";
import { RowsWaiting } from "./list/rows-waiting.tsx";
import { useLiveRows } from "./list/use-live-rows.ts";
import { useRows } from "./list/use-rows.ts";
import { QueryBar } from "./query/query-bar.tsx";
import type { QueryEditorHandle } from "./query/query-editor.tsx";
import { DEFAULT_SORT, SCORE } from "./state.ts";
import { STATUSES, type Status } from "./status.ts";
import { Histogram } from "./time/histogram.tsx";
import { TimeMenu } from "./time/time-menu.tsx";
import { useHistogram } from "./time/use-histogram.ts";
import { useRecount } from "./use-fields.ts";
import { type PageKeys, usePageKeys } from "./use-page-keys.ts";
import { usePageState } from "./use-page-state.ts";
import { useStatusChange } from "./use-status-change.ts";
import { ValueMenu } from "./value-menu.tsx";
import "./investigate-page.css";

/** The one page of an investigation: narrow down, look through, open, understand. */
export function InvestigatePage() {
  const [state, change] = usePageState();
  const rows = useRows(state);
  const facets = useFacets(state);
  const histogram = useHistogram(state);
  const [cursor, setCursor] = useState(state.guid);
  const [menu, setMenu] = useState<"time" | "columns">();
  const [paneWidth, setPaneWidth] = usePaneWidth();
  const changing = useStatusChange();
  const table = useRef<TableHandle>(null);
  const editor = useRef<QueryEditorHandle>(null);
  const find = useRef<HTMLInputElement>(null);
  const live = useLiveRows({
    state,
    mayFlow: () => state.guid === undefined && (table.current?.atTop() ?? true),
    look: rows.look,
    recount: useRecount(),
  });

  const refused = rows.error !== null && problemOf(rows.error).code === "QUERY_INVALID";
  const failed = rows.error !== null && !refused;
  const opened = state.guid;
  const open = useCallback(
    (guid: string) => change({ guid }, { replace: opened !== undefined }),
    [change, opened],
  );
  const step = (by: number) => {
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
  const close = () => {
    if (opened !== undefined) change({ guid: undefined });
    table.current?.focus();
  };
  const setStatus = (guid: string | undefined, status: Status) => {
    const row = rows.rows.find((each) => each.guid === guid);
    // What is no alert has no state; the details say of an opened one themselves what it is.
    if (guid !== undefined && (guid === opened || row?.is_alert !== undefined))
      changing.mutate({ guid, status });
  };
  const { fetchNextPage, isFetchingNextPage } = rows;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);

  const keys: PageKeys = [
    ["j", () => step(1)],
    ["k", () => step(-1)],
    ["ArrowDown", () => step(1)],
    ["ArrowUp", () => step(-1)],
    ["g", () => step(Number.NEGATIVE_INFINITY)],
    ["G", () => step(Number.POSITIVE_INFINITY)],
    ["Enter", () => cursor !== undefined && open(cursor)],
    ["Escape", close],
    ["/", () => editor.current?.focus()],
    ["t", () => setMenu("time")],
    ["c", () => setMenu("columns")],
    ["v", () => change({ view: state.view === "alerts" ? "messages" : "alerts", guid: undefined })],
    ["s", () => change({ sort: DEFAULT_SORT[state.sort[0]?.field === SCORE ? "messages" : "alerts"] })],
    ["p", () => change({ live: !state.live }, { replace: true })],
    ["f", () => find.current?.focus()],
    ["y", () => copy(window.location.href)],
    [".", showNew],
    ...STATUSES.map(({ key, value }) => [key, () => setStatus(cursor, value)] as const),
  ];
  usePageKeys(keys);

  return (
    <ValueMenu state={state} change={change}>
      <div className="investigate">
        <title>
          {rows.total === undefined ? "Metron" : `${countText(rows.total)} ${WHAT[state.view]} – Metron`}
        </title>
        <search className="bar">
          <QueryBar
            state={state}
            change={change}
            error={rows.error}
            editor={editor}
            onLeave={() => table.current?.focus()}
          />
          <TimeMenu
            range={state.t}
            onChange={(t) => change({ t })}
            opened={menu === "time"}
            onOpened={(shown) => setMenu(shown ? "time" : undefined)}
            extent={histogram.data?.interval ? histogram.data : undefined}
          />
          <LiveControl
            live={state.live}
            connection={live.connection}
            onLive={(wanted) => change({ live: wanted }, { replace: true })}
          />
        </search>
        <Histogram state={state} change={change} histogram={histogram} />
        <Facets state={state} change={change} facets={facets} />
        <section className="list" aria-label="Results">
          <ListHead
            state={state}
            change={change}
            total={rows.total}
            isSearching={rows.isFetching}
            statusError={changing.error}
            columnsOpened={menu === "columns"}
            onColumns={(shown) => setMenu(shown ? "columns" : undefined)}
          />
          <AnswerNotes hints={rows.hints} partial={rows.partial} view={state.view} change={change} />
          {rows.rows.length > 0 && (
            <RowsBanner
              waiting={rows.waiting}
              stale={failed || live.connection === "lost"}
              refused={refused}
              since={rows.dataUpdatedAt}
              onShow={showNew}
              onRetry={() => rows.refetch()}
            />
          )}
          {rows.isPending && <RowsWaiting />}
          {failed && rows.rows.length === 0 && (
            <ProblemNotice error={rows.error} onRetry={() => rows.refetch()} />
          )}
          {rows.isSuccess && rows.rows.length === 0 && <NoRows state={state} change={change} />}
          {refused && rows.rows.length === 0 && (
            <p className="notice dim">Correct the query to see rows again.</p>
          )}
          {state.group.length > 0 && rows.rows.length > 0 && <Groups state={state} change={change} />}
          {state.group.length === 0 && rows.rows.length > 0 && (
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
        {opened !== undefined && (
          <div className="pane" style={{ "--pane-width": `${paneWidth}px` } as React.CSSProperties}>
            <PaneDivider width={paneWidth} onWidth={setPaneWidth} />
            <DetailsPane
              key={opened}
              guid={opened}
              onClose={close}
              onStatus={(status) => setStatus(opened, status)}
              find={find}
            />
          </div>
        )}
      </div>
    </ValueMenu>
  );
}
