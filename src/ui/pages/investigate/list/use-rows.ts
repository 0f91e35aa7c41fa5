import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { ResponseOf } from "../../../../api/endpoint.ts";
import { searchMessages } from "../../../../api/search.ts";
import type { StoredMessage } from "../../../../api/selection.ts";
import { call, problemOf } from "../../../call.ts";
import { CHANGED_AT, withKept } from "../kept-statuses.ts";
import { type PageState, RULES, SCORE, selectionOf } from "../state.ts";
import { STATUS } from "../status.ts";
import { useLastGood } from "../use-last-good.ts";
import { mergeRows } from "./merge-rows.ts";

type Answer = ResponseOf<typeof searchMessages>;
type Pages = InfiniteData<Answer, string | undefined>;

const PAGE = 100;

/** How many rows a look at the head may fetch when many are loaded. */
const HEAD_LIMIT = 300;

/** Rules among which a row finds the heaviest; the details show them all. */
export const RULES_SHOWN = 8;

/** The fields that the columns need, and those that every row needs for its look. */
function fieldsOf(columns: readonly string[]): string[] {
  const rules = Array.from({ length: RULES_SHOWN }, (_, at) => [
    `${RULES}.${at}.name`,
    `${RULES}.${at}.score`,
    `${RULES}.${at}.points`,
    `${RULES}.${at}.reason`,
  ]).flat();
  const wanted = columns.flatMap((column) => (column === RULES ? rules : [column]));
  const needed = ["guid", "timestamp", "source.type", "is_alert", SCORE, STATUS, CHANGED_AT];
  return [...new Set([...needed, ...wanted])];
}

/** The rows of the list, page by page, and how new ones come in. */
export function useRows(state: PageState) {
  const client = useQueryClient();
  const question = { q: state.q, t: state.t, view: state.view, sort: state.sort, columns: state.columns };
  const key = ["rows", question];
  const keyText = JSON.stringify(question);
  const [waiting, setWaiting] = useState({ key: keyText, count: 0 });
  const looking = useRef(Promise.resolve());

  const ask = async (size: number, cursor: string | undefined, signal?: AbortSignal) => {
    const answer = await call(searchMessages, {
      body: {
        ...selectionOf(state, Date.now()),
        sort: state.sort.map((sortKey) => ({ ...sortKey })),
        size,
        fields: fieldsOf(state.columns),
        ...(cursor !== undefined && { cursor, total: false }),
      },
      ...(signal !== undefined && { signal }),
    });
    return { ...answer, hits: withKept(answer.hits) };
  };

  const result = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      ask(PAGE, pageParam, signal).catch((thrown) => explainRefusal(thrown, state)),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.cursor,
    placeholderData: (previous) => previous,
  });

  const shown = useLastGood(result);
  const rows: readonly StoredMessage[] = shown?.pages.flatMap((page) => page.hits) ?? [];
  const total = shown?.pages[0]?.total;
  const hints = shown?.pages[0]?.hints ?? [];
  const partial = shown?.pages.find((page) => page.partial !== undefined)?.partial;

  const lookNow = async (flow: boolean): Promise<void> => {
    try {
      const known = client.getQueryData<Pages>(key);
      if (known === undefined) return;
      const loaded = known.pages.reduce((sum, page) => sum + page.hits.length, 0);
      if (!flow) {
        const { total: now = 0 } = await ask(0, undefined);
        setWaiting({ key: keyText, count: Math.max(0, now - (known.pages[0]?.total ?? 0)) });
        return;
      }
      const head = await ask(Math.min(HEAD_LIMIT, Math.max(PAGE, loaded)), undefined);
      client.setQueryData<Pages>(key, (current) =>
        current === undefined ? current : withHead(current, head),
      );
      setWaiting({ key: keyText, count: 0 });
    } catch {
      // The connection's state is shown by the live light and the health line; the next tick looks again.
    }
  };

  /**
   * Looks at the head of the list: with `flow` puts new rows in, without only counts them for the banner. One look follows the
   * other: a person who asks for the rows while they are counted must get them.
   */
  const look = (flow: boolean): Promise<void> => {
    looking.current = looking.current.then(() => lookNow(flow));
    return looking.current;
  };

  return {
    ...result,
    rows,
    total,
    hints,
    partial,
    look,
    waiting: waiting.key === keyText ? waiting.count : 0,
  };
}

/**
 * A refused query is asked for once more as the analyst wrote it, without the view's condition around it: the place
 * of the mistake is then one in the analyst's own text. When it is good by itself, the condition was the stranger:
 * a platform that has not seen an alert yet does not know what alerts are, and there are none to show.
 */
async function explainRefusal(thrown: unknown, { q, view }: PageState): Promise<Answer> {
  if (view !== "alerts" || problemOf(thrown).code !== "QUERY_INVALID") throw thrown;
  await call(searchMessages, { body: { query: q, size: 0 } });
  return { hits: [], total: 0, hints: [], took: 0 };
}

/** The pages with a fresh head: one page now, ending where the last one did. */
function withHead(current: Pages, head: Answer): Pages {
  const old = current.pages.flatMap((page) => page.hits);
  const merged = mergeRows(old, head.hits);
  const cursor =
    merged.gap || merged.rows.length === head.hits.length ? head.cursor : current.pages.at(-1)?.cursor;
  const { cursor: _, ...answer } = head;
  return {
    pages: [{ ...answer, hits: [...merged.rows], ...(cursor !== undefined && { cursor }) }],
    pageParams: [undefined],
  };
}
