import type { Shortcut } from "../../parts/keys.ts";
import { DETAILS_KEYS } from "./details/details-keys.ts";
import { PACKETS_KEYS } from "./details/panes/packets/packets-keys.ts";
import { PAGE_KEYS } from "./investigate-page.tsx";
import { COLUMN_KEYS } from "./list/column-menu.tsx";
import { LIST_KEYS } from "./list/list.tsx";
import { LIVE_KEYS } from "./list/live-control.tsx";
import { QUERY_KEYS } from "./query/query-bar.tsx";
import { STATUSES } from "./status.ts";
import { TIME_KEYS } from "./time/time-menu.tsx";

/** What the parts of the page serve by keys, in the order of the help. */
export const shortcuts: readonly Shortcut[] = [
  LIST_KEYS,
  PAGE_KEYS,
  QUERY_KEYS,
  TIME_KEYS,
  COLUMN_KEYS,
  LIVE_KEYS,
  STATUSES,
  DETAILS_KEYS,
  PACKETS_KEYS,
].flatMap((served): readonly Shortcut[] => Object.values(served));

/** What the parts do by the mouse beside plain clicks. */
export const gestures: readonly Shortcut[] = [
  { keys: ["Click"], about: "On a facet's value: include it, again: drop it" },
  { keys: ["Alt", "Click"], about: "On a facet's value: exclude it" },
  { keys: ["Drag"], about: "In the histogram: choose the time range" },
  { keys: ["Right click"], about: "On a value: include, exclude, only, copy" },
];
