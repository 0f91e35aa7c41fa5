import { Button, SegmentedControl } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { ConversationSummary } from "../../../../../../../api/conversations.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { useZone } from "../../../../../../parts/clock.ts";
import { useShortcuts } from "../../../../../../parts/keys.ts";
import { counted } from "../../../../../../parts/numbers.ts";
import { sizeText } from "../../../../../../parts/units.ts";
import { useArrival } from "../arrival.ts";
import { PacketsFailed } from "../no-packets.tsx";
import { PACKETS_KEYS } from "../packets-keys.ts";
import type { ChangePackets } from "../packets-state.ts";
import { type ByteRange, type PacketsState, SHOWS, SIDES } from "../packets-state.ts";
import type { FindKind } from "./find.ts";
import { FindBar } from "./find-bar.tsx";
import { HttpView } from "./http-view.tsx";
import { bytesThere, messagesOf } from "./messages.ts";
import { RowView } from "./row-view.tsx";
import type { Row } from "./rows.ts";
import { SelectedBytes } from "./selected-bytes.tsx";
import { bytesIn, movedBy, selectedBytes } from "./selection.ts";
import { useFind } from "./use-find.ts";
import { useStream } from "./use-stream.ts";
import "./stream.css";

const ROW_HEIGHT = 18;

const SHOW_WORDS = { auto: "Auto", text: "Text", hex: "Hex", both: "Both", http: "HTTP" } as const;
const SIDE_WORDS = { both: "Both sides", client: "Client", server: "Server" } as const;

/** Whose bytes are shown. */
const SPOKEN = {
  both: ["clientTotals", "serverTotals"],
  client: ["clientTotals"],
  server: ["serverTotals"],
} as const;

type Props = {
  readonly query: PacketQueryState;
  readonly stream: ConversationSummary;
  readonly state: PacketsState;
  readonly change: ChangePackets;
};

/** What both sides of a conversation said, in true order. */
export function Stream({ query, stream, state, change }: Props) {
  const isHttp = state.show === "http" && stream.application === "http";
  // Bytes are found where they are shown as they were sent.
  const [isFinding, setFinding] = useState(false);
  const shows = SHOWS.filter((show) => show !== "http" || stream.application === "http");
  const toShow = (show: PacketsState["show"] | undefined, isWanted = false) => {
    setFinding(isWanted);
    change({ show: show ?? "auto" }, { replace: true });
  };
  useShortcuts([[PACKETS_KEYS.show, () => toShow(shows[(shows.indexOf(state.show) + 1) % shows.length])]]);
  return (
    <div className="stream">
      <div className="stream-tools">
        <SegmentedControl
          aria-label="How bytes are shown"
          value={isHttp || state.show !== "http" ? state.show : "auto"}
          onChange={(show) => toShow(SHOWS.find((each) => each === show))}
          data={shows.map((show) => ({ value: show, label: SHOW_WORDS[show] }))}
        />
        {!isHttp && (
          <SegmentedControl
            aria-label="Whose words"
            value={state.side}
            onChange={(side) =>
              change({ side: SIDES.find((each) => each === side) ?? "both" }, { replace: true })
            }
            data={SIDES.map((side) => ({ value: side, label: SIDE_WORDS[side] }))}
          />
        )}
      </div>
      {isHttp ? (
        <HttpView query={query} stream={stream.number} change={change} onFind={() => toShow("auto", true)} />
      ) : (
        <Bytes query={query} stream={stream} state={state} change={change} isFinding={isFinding} />
      )}
    </div>
  );
}

function Bytes({ query, stream, state, change, isFinding }: Props & { readonly isFinding: boolean }) {
  const look = state.show === "http" ? "auto" : state.show;
  const read = useStream(query, stream.number, state.side, look);
  const { rows, turns, hasNextPage, isFetching, fetchNextPage } = read;
  const [find, setFind] = useState<{ kind: FindKind; text: string }>({ kind: "text", text: "" });
  const messages = useMemo(() => messagesOf(turns, stream.protocol), [turns, stream.protocol]);
  const found = useFind(messages, find.kind, find.text);
  const scroller = useRef<HTMLDivElement>(null);
  useArrival(scroller, read.error === null);
  useZone();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  const items = virtualizer.getVirtualItems();
  const { bytes } = state;

  // The next page is wanted when the end of the last one is in sight, when it is searched, and when it has the selected bytes.
  const lastShown = items.at(-1)?.index ?? 0;
  const selectedAt = useMemo(() => rowOf(rows, bytes), [rows, bytes]);
  const isMissing = bytes !== undefined && selectedAt < 0;
  const wantsMore =
    hasNextPage && !isFetching && (lastShown >= rows.length - 60 || find.text !== "" || isMissing);
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: selected bytes are brought into sight when they are selected, or loaded
  useEffect(() => {
    if (selectedAt >= 0)
      virtualizer.scrollToIndex(selectedAt, {
        align: isInSight(virtualizer, selectedAt) ? "auto" : "center",
      });
  }, [bytes?.side, bytes?.from, selectedAt >= 0, look]);

  const select = (range: ByteRange | undefined) => change({ bytes: range }, { replace: true });
  const current = bytes === undefined ? -1 : found.hits.findIndex((hit) => sameStart(hit, bytes));
  const isSearching = found.isSearching || (find.text !== "" && isFetching);
  // A step to a hit that is asked for before one is found is made once one is.
  const [askedStep, setAskedStep] = useState<1 | -1>();
  const step = (by: 1 | -1) => {
    const { length } = found.hits;
    if (length === 0) return setAskedStep(isSearching ? by : undefined);
    setAskedStep(undefined);
    select(found.hits[current < 0 ? (by === 1 ? 0 : length - 1) : (current + by + length) % length]);
  };
  const stepAsked = useEffectEvent(() => {
    if (askedStep !== undefined) step(askedStep);
  });
  useEffect(() => {
    if (found.hits.length > 0) stepAsked();
  }, [found.hits]);
  const toMessage = (by: 1 | -1) => {
    const heads = rows.flatMap((row, at) => (row.kind === "turn" ? [at] : []));
    const top = virtualizer.scrollOffset === null ? 0 : Math.ceil(virtualizer.scrollOffset / ROW_HEIGHT);
    const next = by === 1 ? heads.find((at) => at > top) : heads.findLast((at) => at < top);
    if (next !== undefined) virtualizer.scrollToIndex(next, { align: "start" });
  };
  useShortcuts([
    [PACKETS_KEYS.nextMessage, () => toMessage(1)],
    [PACKETS_KEYS.previousMessage, () => toMessage(-1)],
  ]);
  const onPacket = (packet: number) => change({ tab: "packets", packet, bytes: undefined, field: undefined });

  const total = SPOKEN[state.side].reduce((sum, side) => sum + stream[side].bytes, 0);
  const part = read.isFull ? `in the first ${sizeText(bytesThere(turns))} of ${sizeText(total)}` : undefined;

  if (read.error !== null) return <PacketsFailed error={read.error} onRetry={() => read.refetch()} />;
  return (
    <>
      <div className="stream-tools">
        <Button.Group>
          <Button onClick={() => toMessage(-1)} title="Key: [" aria-label="Previous message">
            ↑
          </Button>
          <Button onClick={() => toMessage(1)} title="Key: ]" aria-label="Next message">
            ↓
          </Button>
        </Button.Group>
        <span className="dim" role="status">
          {counted(messages.length, "message")}
          {hasNextPage && ", more follow below"}
          {part !== undefined && ` ${part}; the rest is not shown`}
          {read.marksLeftOut > 0 && `, ${counted(read.marksLeftOut, "event")} of TCP not shown`}
        </span>
        <FindBar
          {...find}
          hasFocus={isFinding}
          onLook={(kind, text) => {
            setAskedStep(undefined);
            setFind({ kind, text });
          }}
          count={found.hits.length}
          current={current + 1}
          isSearching={isSearching}
          part={part}
          mistake={found.mistake}
          onStep={step}
        />
      </div>
      <div
        ref={scroller}
        className="stream-rows"
        role="document"
        aria-label="What was said"
        aria-busy={isFetching}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
        tabIndex={0}
        data-scrolls
        onPointerUp={(event) => {
          if (event.button !== 0) return;
          const range = selectedBytes(event.currentTarget, (wanted) => bytesIn(turns, wanted));
          if (range !== undefined) select(range);
        }}
        onKeyDown={(event) => {
          const moved = bytes && movedBy(event, bytes);
          if (moved === undefined || bytesIn(turns, moved) === undefined) return;
          event.preventDefault();
          select(moved);
        }}
      >
        <div className="stream-body" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start, key }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div
                key={key}
                className="stream-row"
                data-side={sideOf(row)}
                data-kind={row.kind}
                style={{ transform: `translateY(${start}px)` }}
              >
                <RowView row={row} selected={bytes} onPacket={onPacket} />
              </div>
            );
          })}
        </div>
        {rows.length === 0 && (
          <p className="packets-waiting dim">
            {read.isPending ? "Putting it together…" : "Nothing was said."}
          </p>
        )}
        {read.isFull && (
          <p className="packets-waiting dim">
            Only the beginning is shown, {part}, and nothing is found behind it. Raw has the whole stream to
            download; one side alone may be shorter.
          </p>
        )}
      </div>
      <SelectedBytes range={bytes} bytes={bytes && bytesIn(turns, bytes)} />
    </>
  );
}

/** The first row that has some of the bytes; -1 for none. */
function rowOf(rows: readonly Row[], bytes: ByteRange | undefined): number {
  if (bytes === undefined) return -1;
  return rows.findIndex(
    (row) =>
      row.kind === "line" &&
      row.turn.side === bytes.side &&
      !row.turn.isReset &&
      row.turn.position + row.start <= bytes.from &&
      row.turn.position + row.end > bytes.from,
  );
}

function sideOf(row: Row): string | undefined {
  if (row.kind === "turn" || row.kind === "line") return row.turn.side;
  return undefined;
}

function sameStart(a: ByteRange, b: ByteRange): boolean {
  return a.side === b.side && a.from === b.from;
}

function isInSight(
  virtualizer: { range: { startIndex: number; endIndex: number } | null },
  index: number,
): boolean {
  const { range } = virtualizer;
  return range !== null && index >= range.startIndex && index <= range.endIndex;
}
