import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { columnResizingFeature, columnSizingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef } from "react";
import type { StoredMessage } from "../../../../api/selection.ts";
import { useZone, zoneName } from "../../../parts/clock.ts";
import { type PageState, sortBy } from "../state.ts";
import type { Change } from "../use-page-state.ts";
import { fieldOfColumn, lookOf } from "./columns.ts";
import { MessageRow } from "./message-row.tsx";
import "./message-table.css";

export type TableHandle = {
  readonly focus: () => void;
  readonly toTop: () => void;
  /** Whether the first row is in sight, so that new rows may flow in above it. */
  readonly atTop: () => boolean;
};

type Props = {
  readonly state: PageState;
  readonly change: Change;
  readonly rows: readonly StoredMessage[];
  readonly total: number | undefined;
  readonly hasMore: boolean;
  readonly stale: boolean;
  readonly cursor: string | undefined;
  readonly onCursor: (guid: string) => void;
  readonly onOpen: (guid: string) => void;
  readonly onMore: () => void;
  readonly ref: React.Ref<TableHandle>;
};

export const ROW_HEIGHT = 28;

const features = tableFeatures({ columnSizingFeature, columnResizingFeature });

/** The list: only the rows in sight are in the page, and it keeps its place while rows are put in above. */
export function MessageTable(props: Props) {
  const { state, change, rows, total, hasMore, stale, cursor, onCursor, onOpen, onMore, ref } = props;
  const scroller = useRef<HTMLDivElement>(null);
  useZone();
  const columns = useMemo(
    () =>
      state.columns.map((id) => ({ id, header: lookOf(id).heading, size: lookOf(id).width, minSize: 40 })),
    [state.columns],
  );
  const data = useMemo(() => [...rows], [rows]);
  const table = useTable({
    features,
    columns,
    data,
    getRowId: (row) => String(row.guid),
    columnResizeMode: "onChange",
  });
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const grower = state.columns.findLast((id) => lookOf(id).grows) ?? state.columns.at(-1);
  const template = headers
    .map(({ column }) =>
      column.id === grower ? `minmax(${column.getSize()}px, 1fr)` : `${column.getSize()}px`,
    )
    .join(" ");
  const items = virtualizer.getVirtualItems();

  useImperativeHandle(
    ref,
    () => ({
      focus: () => scroller.current?.focus({ preventScroll: true }),
      toTop: () => scroller.current?.scrollTo({ top: 0 }),
      atTop: () => (scroller.current?.scrollTop ?? 0) < ROW_HEIGHT,
    }),
    [],
  );

  usePlaceKept(scroller, rows);

  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !stale && lastShown >= rows.length - 30) onMore();
  }, [hasMore, stale, lastShown, rows.length, onMore]);

  const cursorAt = useMemo(() => rows.findIndex((row) => row.guid === cursor), [rows, cursor]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a moved cursor scrolls, not new rows above it
  useEffect(() => {
    if (cursorAt >= 0) virtualizer.scrollToIndex(cursorAt, { align: "auto" });
  }, [cursor]);

  return (
    <div
      ref={scroller}
      className="table"
      role="grid"
      aria-label={state.view === "alerts" ? "Alerts" : "Messages"}
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-colcount={state.columns.length}
      aria-activedescendant={cursorAt >= 0 ? `row-${cursor}` : undefined}
      aria-busy={stale}
      tabIndex={0}
      style={
        { "--columns": template, "--least-width": `${table.getTotalSize() + 6}px` } as React.CSSProperties
      }
    >
      <div className="table-head" role="row" aria-rowindex={1} tabIndex={-1}>
        {headers.map((header) => {
          const field = fieldOfColumn(header.column.id);
          const order = state.sort[0]?.field === field ? state.sort[0].order : undefined;
          return (
            <div
              key={header.id}
              role="columnheader"
              tabIndex={-1}
              className="table-heading"
              aria-sort={order === undefined ? "none" : order === "asc" ? "ascending" : "descending"}
            >
              <button
                type="button"
                title={`Sort by ${field}`}
                onClick={() => change({ sort: sortBy(state.sort, field) })}
              >
                {lookOf(header.column.id).heading}
                {field === "timestamp" && <span className="dim">{zoneName()}</span>}
                {order === "asc" && <IconChevronUp size={12} />}
                {order === "desc" && <IconChevronDown size={12} />}
              </button>
              {/* biome-ignore lint/a11y/noStaticElementInteractions: a handle for the pointer; widths matter to no one else */}
              <div
                className="table-resize"
                onMouseDown={header.getResizeHandler()}
                onTouchStart={header.getResizeHandler()}
                onDoubleClick={() => header.column.resetSize()}
              />
            </div>
          );
        })}
      </div>
      <div role="rowgroup" className="table-body" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <MessageRow
              key={String(row.guid)}
              message={row}
              index={item.index}
              top={item.start}
              columns={state.columns}
              opened={row.guid === state.guid}
              atCursor={row.guid === cursor}
              onPick={onCursor}
              onOpen={onOpen}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Scrolled down, rows put in above must not push away what is being read. */
function usePlaceKept(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: readonly StoredMessage[],
): void {
  const before = useRef(rows);
  useLayoutEffect(() => {
    const element = scroller.current;
    const old = before.current;
    before.current = rows;
    if (element === null || old === rows || element.scrollTop < ROW_HEIGHT) return;
    const anchor = Math.floor(element.scrollTop / ROW_HEIGHT);
    const guid = old[anchor]?.guid;
    const now = rows.findIndex((row) => row.guid === guid);
    if (guid !== undefined && now >= 0 && now !== anchor) element.scrollTop += (now - anchor) * ROW_HEIGHT;
  }, [rows, scroller]);
}
