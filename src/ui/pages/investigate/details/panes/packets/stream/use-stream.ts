import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { getConversation } from "../../../../../../../api/conversations.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call } from "../../../../../../call.ts";
import type { PacketsState } from "../packets-state.ts";
import { phaseOf } from "../use-conversations.ts";
import { type Look, type Row, rowsOf, type StreamPage, type Turn } from "./rows.ts";

/** Pages of about a megabyte each that are held at the same time. */
const MOST_PAGES = 16;

/** What a conversation said, as rows, page by page. */
export function useStream(
  query: PacketQueryState,
  stream: number,
  side: PacketsState["side"],
  look: Look | "auto",
) {
  const read = useInfiniteQuery({
    queryKey: ["packet-stream", query.id, stream, side, phaseOf(query)],
    queryFn: ({ pageParam, signal }) =>
      call(getConversation, {
        params: { id: query.id, stream },
        query: { after: pageParam, size: 1000, direction: side },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: ({ next }, pages) => (pages.length < MOST_PAGES ? next : undefined),
    placeholderData: keepPreviousData,
  });
  const pages = read.data?.pages;
  const rows = useMemo(() => (pages ?? []).flatMap((page) => rowsAs(page, look)), [pages, look]);
  const turns = useMemo(() => rows.flatMap((row): Turn[] => (row.kind === "turn" ? [row.turn] : [])), [rows]);
  const isFull = pages !== undefined && pages.length === MOST_PAGES && pages.at(-1)?.next !== undefined;
  const marksLeftOut = pages?.reduce((sum, page) => sum + page.marksLeftOut, 0) ?? 0;
  return { ...read, rows, turns, isFull, marksLeftOut };
}

const made = new WeakMap<StreamPage, Map<string, Row[]>>();

/** The rows of a page, made once for each way of showing them. */
function rowsAs(page: StreamPage, look: Look | "auto"): Row[] {
  const known = made.get(page) ?? new Map<string, Row[]>();
  made.set(page, known);
  const rows = known.get(look) ?? rowsOf(page, look);
  known.set(look, rows);
  return rows;
}
