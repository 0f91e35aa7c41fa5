import { TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { listPackets, type PacketRow } from "../../../../../../../api/packet-reading.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call, problemOf } from "../../../../../../call.ts";
import { visible } from "../../../../../../parts/cells.ts";
import { timeText, useZone } from "../../../../../../parts/clock.ts";
import { useShortcuts } from "../../../../../../parts/keys.ts";
import { DETAILS_KEYS } from "../../../details-keys.ts";
import { useArrival } from "../arrival.ts";
import { isExpired, PacketsFailed } from "../no-packets.tsx";
import type { ChangePackets, PacketsState } from "../packets-state.ts";
import { isRunning } from "../use-packet-query.ts";
import { PacketDetail } from "./packet-detail.tsx";
import "./list.css";

const ROW_HEIGHT = 22;
const PAGE = 500;

type Props = {
  readonly query: PacketQueryState;
  readonly state: PacketsState;
  readonly change: ChangePackets;
};

/** The packets that were found, row by row, and the one that is opened, field by field. */
export function PacketsTable({ query, state, change }: Props) {
  const running = isRunning(query);
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    queryKey: ["packet-rows", query.id, state.filter, running],
    queryFn: ({ pageParam, signal }) =>
      call(listPackets, {
        params: { id: query.id },
        query: { after: pageParam, size: PAGE, search: state.filter },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next,
    // More pages are asked for by scrolling; only the first fills up by itself.
    refetchInterval: ({ state: { data } }) => (running && (data?.pages.length ?? 0) < 2 ? 1000 : false),
    placeholderData: keepPreviousData,
  });
  useZone();
  const rows = data?.pages.flatMap((page) => page.rows) ?? [];
  const scroller = useRef<HTMLDivElement>(null);
  useArrival(scroller, error === null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 16,
  });
  const items = virtualizer.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const openedAt = rows.findIndex(({ number }) => number === state.packet);
  const wantsMore = hasNextPage && !isFetching && lastShown >= rows.length - 50;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the opened row is brought into sight when it is opened, or loaded
  useEffect(() => {
    if (openedAt >= 0) virtualizer.scrollToIndex(openedAt, { align: "auto" });
  }, [state.packet, openedAt >= 0]);

  const open = ({ number }: PacketRow) =>
    change({ packet: number, bytes: undefined, field: undefined }, { replace: state.packet !== undefined });
  const step = (by: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, openedAt + by))];
    if (next !== undefined) open(next);
  };
  const refused = error !== null && problemOf(error).status < 500 && state.filter !== "" && !isExpired(error);

  return (
    <div className="packet-list" data-split={state.packet !== undefined || undefined}>
      <Filter filter={state.filter} onFilter={(filter) => change({ filter })} />
      {refused && (
        <p className="packets-mistake" role="alert">
          {problemOf(error).detail}
        </p>
      )}
      {error !== null && !refused && <PacketsFailed error={error} onRetry={() => refetch()} />}
      {error === null && (
        <div
          ref={scroller}
          className="packet-grid"
          role="grid"
          aria-label="Packets"
          aria-rowcount={hasNextPage ? -1 : rows.length + 1}
          aria-busy={isFetching}
          tabIndex={0}
          data-scrolls
          onKeyDown={(event) => {
            const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
            if (by === undefined) return;
            event.preventDefault();
            step(by);
          }}
        >
          <div className="packet-row packet-heads" role="row" aria-rowindex={1} tabIndex={-1}>
            {[
              "No.",
              "Time",
              "Delta (ms)",
              "Source",
              "Destination",
              "Protocol",
              "Length",
              "What it is about",
            ].map((heading) => (
              <span key={heading} role="columnheader" tabIndex={-1}>
                {heading}
              </span>
            ))}
          </div>
          <div role="rowgroup" className="packet-rows" style={{ height: virtualizer.getTotalSize() }}>
            {items.map(({ index, start }) => {
              const row = rows[index];
              if (row === undefined) return null;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the grid moves the opened row by the arrow keys
                <div
                  key={row.number}
                  role="row"
                  aria-rowindex={index + 2}
                  aria-selected={row.number === state.packet}
                  tabIndex={-1}
                  className="packet-row"
                  style={{ transform: `translateY(${start}px)` }}
                  onClick={() => open(row)}
                >
                  <Cells row={row} />
                </div>
              );
            })}
          </div>
          {rows.length === 0 && (
            <p className="packets-waiting dim">
              {isFetching || running ? "Reading packets…" : "No packet matches."}
            </p>
          )}
        </div>
      )}
      {state.packet !== undefined && (
        <PacketDetail
          key={state.packet}
          query={query}
          number={state.packet}
          bytes={state.bytes}
          field={state.field}
          change={change}
        />
      )}
    </div>
  );
}

/** Which packets are listed; Enter takes it into use. */
function Filter({ filter, onFilter }: { filter: string; onFilter: (filter: string) => void }) {
  const [text, setText] = useState(filter);
  const input = useRef<HTMLInputElement>(null);
  // The address is another one: a link was followed, or the browser went back. The field stays, as somebody may be typing in it.
  const [taken, setTaken] = useState(filter);
  if (filter !== taken) {
    setTaken(filter);
    if (filter !== text.trim()) setText(filter);
  }
  useShortcuts([[DETAILS_KEYS.find, () => input.current?.focus()]]);
  return (
    <TextInput
      ref={input}
      className="packet-filter mono"
      aria-label="Which packets"
      placeholder="Which packets (f): ip_src_addr:10.0.0.5 AND ip_dst_port:443"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") onFilter(text.trim());
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

function Cells({ row }: { row: PacketRow }) {
  const { number, time, nanos, delta, protocol, protocols, length, captured, info, notes } = row;
  const end = (address = "–", port: number | undefined) =>
    port === undefined ? address : `${address}:${port}`;
  const micros = String(Math.round((time % 1) * 1000)).padStart(3, "0");
  const cells: [text: string, title?: string][] = [
    [String(number)],
    [`${timeText(time).slice(11)}${micros}`, `${timeText(time)}${micros}${String(nanos).padStart(3, "0")}`],
    [delta.toFixed(3), "Milliseconds since the row before"],
    [end(row.source, row.sourcePort)],
    [end(row.destination, row.destinationPort)],
    [protocol, protocols.join(" › ")],
    [captured < length ? `${length}, cut` : String(length)],
    [visible([info, ...notes].filter((text) => text !== "").join(" – "))],
  ];
  return cells.map(([text, title], at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: cells have no identity but their column
    <span key={at} role="gridcell" tabIndex={-1} title={title ?? text}>
      {text}
    </span>
  ));
}
