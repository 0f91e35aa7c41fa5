import { Fault } from "../../../core/fault.ts";
import { type Message, messageFromJson } from "../../../core/message.ts";
import type { IndexProblem, SearchRequest } from "../contract.ts";
import { type Asking, ask, selectionDsl } from "./asking.ts";
import { jsonOf } from "./client.ts";
import { MESSAGE_PARTS, messageOf } from "./document.ts";
import type { Dsl } from "./dsl.ts";
import { mainObject, path } from "./mapping.ts";

const DEFAULT_SIZE = 100;
export const MOST_SIZE = 10_000;

export type Page = {
  readonly messages: Message[];
  readonly total: number | undefined;
  readonly cursor: string | undefined;
  readonly problems: readonly IndexProblem[];
};

/** One page of messages, in order. */
export async function searchPage(asking: Asking, request: SearchRequest): Promise<Page> {
  const size = request.size ?? DEFAULT_SIZE;
  if (!Number.isInteger(size) || size < 0 || size > MOST_SIZE)
    throw new Fault("REQUEST_INVALID", `searching: size is 0 to ${MOST_SIZE}, not ${size}`);
  const sort = sortOf(asking, request);
  const { cursor, total = true } = request;
  const found = await ask(asking, request, {
    query: selectionDsl(asking, request),
    sort,
    size: size + 1,
    track_total_hits: total,
    _source: MESSAGE_PARTS,
    ...(cursor !== undefined && { search_after: readCursor(cursor, sort.length) }),
  }).catch((error: unknown) => {
    // What a cursor says of another search does not fit its fields.
    if (cursor !== undefined && error instanceof Fault && error.code === "INDEX_REFUSED")
      throw wrongCursor(error);
    throw error;
  });
  const page = found.hits.slice(0, size);
  const last = page.at(-1);
  const hasMore = last?.sort !== undefined && (found.hits.length > size || found.isLate);
  return {
    messages: page.flatMap(({ _source }) => (_source === undefined ? [] : [messageOf(_source)])),
    total: total && !found.isLate ? found.total : undefined,
    cursor: hasMore ? Buffer.from(jsonOf(last.sort)).toString("base64url") : undefined,
    problems: found.problems,
  };
}

/** What messages are sorted by, the guid last: no two places are the same, so a cursor needs nothing of the server's. */
function sortOf({ fields }: Asking, { sort = [] }: SearchRequest): Dsl[] {
  const keys = sort.length === 0 ? [{ field: "timestamp", descending: true }] : sort;
  return [
    ...keys.map(({ field: written, descending }) => {
      const order = descending ? "desc" : "asc";
      const field = fields.find(written);
      // The time of a row is its timestamp.
      if (written === "timestamp") return { time: { order, unmapped_type: "date" } };
      if (field === undefined || field.kind === "guid") return { guid: { order, unmapped_type: "keyword" } };
      const main = mainObject(field.kind);
      const isNumber = field.type === "long" || field.type === "double";
      const object = main === "text" && isNumber ? "real" : main;
      const type = { text: "keyword", raw: "keyword", whole: "long", real: "double", address: "ip" }[object];
      return { [path(object, field.part)]: { order, missing: "_last", unmapped_type: type } };
    }),
    { guid: { order: "asc", unmapped_type: "keyword" } },
  ];
}

function readCursor(cursor: string, keys: number): unknown[] {
  try {
    const values = messageFromJson(Buffer.from(cursor, "base64url").toString());
    const isOurs =
      Array.isArray(values) &&
      values.length === keys &&
      typeof values.at(-1) === "string" &&
      values.every((value) => typeof value !== "object" || value === null);
    if (isOurs) return values;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw wrongCursor();
}

function wrongCursor(cause?: unknown): Fault {
  return new Fault("REQUEST_INVALID", "searching: this cursor is of no earlier page of the same search", {
    cause,
  });
}
