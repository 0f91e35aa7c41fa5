import {
  PACKET_KEYS_OF_ADDRESS,
  type PacketsState,
  readPackets,
  writePackets,
} from "./details/panes/packets/packets-state.ts";
import { checkQuery } from "./query/query-mistake.ts";
import { STATUS } from "./status.ts";
import { type Bounds, resolveRange } from "./time/time-range.ts";

/**
 * What the address bar holds of the page: everything a colleague should see when sent the link. Absent means the
 * default, so that addresses stay short and old ones keep their meaning.
 */

/** Alerts alone, every message, or the records that no stage could make one of. */
export type View = "alerts" | "messages" | "rejected";

export type SortKey = { readonly field: string; readonly order: "asc" | "desc" };

export type PageState = {
  readonly q: string;
  /** A range of `time-range.ts`. */
  readonly t: string;
  readonly view: View;
  readonly sort: readonly SortKey[];
  readonly columns: readonly string[];
  /** Facets beside the standing ones. */
  readonly facets: readonly string[];
  /** Fields to group by, the outermost first; none for a plain list. */
  readonly group: readonly string[];
  /** The message that the details show. */
  readonly guid: string | undefined;
  /** What is shown of the message's packets; undefined while its fields are. */
  readonly packets: PacketsState | undefined;
  /** Whether new rows flow in. */
  readonly live: boolean;
};

/** The address bar's parameters, as they are there. */
export type PageSearch = { readonly [Key in (typeof KEYS)[number]]?: string };

export const SCORE = "threat.triage.score";

/** A column made of several fields: the names of the rules that matched. */
export const RULES = "threat.triage.rules";

/** The names of all rules that matched: one field for each of them, together. */
export const RULE_NAMES = `${RULES}.*.name`;

export const DEFAULT_RANGE = "all";

export const DEFAULT_COLUMNS: Record<View, readonly string[]> = {
  alerts: [
    SCORE,
    "timestamp",
    "source.type",
    STATUS,
    RULES,
    "ip_src_addr",
    "ip_dst_addr",
    "enrichments.geo.ip_dst_addr.country",
    "protocol",
  ],
  messages: [
    "timestamp",
    "source.type",
    "ip_src_addr",
    "ip_dst_addr",
    "ip_dst_port",
    "protocol",
    "original_string",
  ],
  rejected: ["timestamp", "failed_sensor_type", "error_type", "message", "raw_message"],
};

/** The most alarming first, and of equals the newest; without scores, the newest. */
export const DEFAULT_SORT: Record<View, readonly SortKey[]> = {
  alerts: [
    { field: SCORE, order: "desc" },
    { field: "timestamp", order: "desc" },
  ],
  messages: [{ field: "timestamp", order: "desc" }],
  rejected: [{ field: "timestamp", order: "desc" }],
};

/** Deeper than this nobody finds the way back. */
export const MOST_GROUPS = 3;

const VIEWS: readonly View[] = ["alerts", "messages", "rejected"];

/** The sensor name under which rejected records are kept. */
const REJECTED_SENSOR = "error";

const KEYS = [
  "q",
  "t",
  "view",
  "sort",
  "cols",
  "facets",
  "group",
  "guid",
  ...PACKET_KEYS_OF_ADDRESS,
  "live",
] as const;

/** Keeps what is known of the parameters; unknown ones are ignored. */
export function pickSearch(search: Record<string, unknown>): PageSearch {
  return Object.fromEntries(
    KEYS.filter((key) => typeof search[key] === "string" && search[key] !== "").map((key) => [
      key,
      search[key],
    ]),
  );
}

/** The state an address means; what it says wrongly falls back to the default. */
export function readState(search: PageSearch): PageState {
  const view = VIEWS.find((name) => name === search.view) ?? "alerts";
  const t = search.t !== undefined && resolveRange(search.t, 0) !== undefined ? search.t : DEFAULT_RANGE;
  return {
    q: search.q ?? "",
    t,
    view,
    sort: readSort(search.sort) ?? DEFAULT_SORT[view],
    columns: readList(search.cols) ?? DEFAULT_COLUMNS[view],
    facets: readList(search.facets) ?? [],
    group: (readList(search.group) ?? []).slice(0, MOST_GROUPS),
    guid: search.guid,
    packets: search.guid === undefined ? undefined : readPackets(search),
    live: search.live !== "off",
  };
}

/** The shortest address of a state. */
export function writeState(state: PageState): PageSearch {
  const sort = writeSort(state.sort);
  const columns = state.columns.join(",");
  return {
    ...(state.q !== "" && { q: state.q }),
    ...(state.t !== DEFAULT_RANGE && { t: state.t }),
    ...(state.view !== "alerts" && { view: state.view }),
    ...(sort !== writeSort(DEFAULT_SORT[state.view]) && { sort }),
    ...(columns !== DEFAULT_COLUMNS[state.view].join(",") && { cols: columns }),
    ...(state.facets.length > 0 && { facets: state.facets.join(",") }),
    ...(state.group.length > 0 && { group: state.group.join(",") }),
    ...(state.guid !== undefined && { guid: state.guid, ...writePackets(state.packets) }),
    ...(!state.live && { live: "off" }),
  };
}

function readList(text: string | undefined): string[] | undefined {
  const names = [...new Set((text ?? "").split(",").filter((name) => name !== ""))];
  return names.length === 0 ? undefined : names;
}

function readSort(text: string | undefined): SortKey[] | undefined {
  return readList(text)
    ?.slice(0, 4)
    .map((key) =>
      key.startsWith("-") ? { field: key.slice(1), order: "desc" } : { field: key, order: "asc" },
    );
}

function writeSort(sort: readonly SortKey[]): string {
  return sort.map(({ field, order }) => `${order === "desc" ? "-" : ""}${field}`).join(",");
}

/** Sorting by a column: descending first, then ascending; the newest first among equals. */
export function sortBy(sort: readonly SortKey[], field: string): SortKey[] {
  const first = sort[0];
  const order = first?.field === field && first.order === "desc" ? "asc" : "desc";
  const rest: SortKey[] = field === "timestamp" ? [] : [{ field: "timestamp", order: "desc" }];
  return [{ field, order }, ...rest];
}

/** The query as it is sent: the view's own condition joined to the analyst's. */
export function sentQuery({ q, view }: Pick<PageState, "q" | "view">): string {
  const query = q.trim() === "" ? "" : q;
  if (view !== "alerts") return query;
  return query === "" ? "is_alert:true" : `is_alert:true AND (${query})`;
}

/** The analyst's part of a query as it was sent, or as the server would have it; undefined when it lacks the view's. */
export function queryOfView(sent: string, view: View): string | undefined {
  if (view !== "alerts") return sent;
  return /^is_alert:true AND \((.*)\)$/s.exec(sent)?.[1];
}

/** The bounds of a range at this moment; open ones when it is no range. */
export function resolveBounds(t: string): Bounds {
  return resolveRange(t, Date.now()) ?? {};
}

/**
 * What every question of the page is about, at the moment `now`.
 * @throws CallProblem QUERY_INVALID when the analyst's text is no query: the server need not be asked.
 */
export function selectionOf(state: PageState, now: number): { query: string; sensors?: string[] } & Bounds {
  checkQuery(state.q);
  const sensors = state.view === "rejected" ? { sensors: [REJECTED_SENSOR] } : {};
  return { query: sentQuery(state), ...resolveRange(state.t, now), ...sensors };
}
