import { useRef } from "react";
import { copy } from "../../parts/clipboard.ts";
import { type Shortcuts, useShortcuts } from "../../parts/keys.ts";
import { countText } from "../../parts/numbers.ts";
import { CapturesUnderWay } from "./captures/captures-under-way.tsx";
import { Details } from "./details/details.tsx";
import { Facets } from "./facets/facets.tsx";
import { List, type ListHandle } from "./list/list.tsx";
import { whatOf } from "./list/list-head.tsx";
import { LiveControl } from "./list/live-control.tsx";
import { useLiveRows } from "./list/use-live-rows.ts";
import { useRows } from "./list/use-rows.ts";
import { QueryBar } from "./query/query-bar.tsx";
import { Histogram } from "./time/histogram.tsx";
import { TimeMenu } from "./time/time-menu.tsx";
import { useRecount } from "./use-fields.ts";
import { usePageState } from "./use-page-state.ts";
import { useStatusChange } from "./use-status-change.ts";
import { ValueMenu } from "./value-menu.tsx";
import "./investigate-page.css";

export const PAGE_KEYS = {
  close: { keys: ["Escape"], about: "Close what is open; leave the query" },
  link: { keys: ["y"], about: "Copy a link to what you see" },
} as const satisfies Shortcuts;

/** The one page of an investigation: narrow down, look through, open, understand. */
export function InvestigatePage() {
  const [state, change] = usePageState();
  const rows = useRows(state);
  const statusChange = useStatusChange();
  const list = useRef<ListHandle>(null);
  const live = useLiveRows({
    state,
    mayFlow: () => state.guid === undefined && (list.current?.atTop() ?? true),
    look: rows.look,
    recount: useRecount(),
  });
  const opened = state.guid;
  const toList = () => list.current?.focus();
  const close = () => {
    if (opened !== undefined) change({ guid: undefined });
    toList();
  };
  useShortcuts([
    [PAGE_KEYS.close, () => (state.packets === undefined ? close() : change({ packets: undefined }))],
    [PAGE_KEYS.link, () => copy(window.location.href)],
  ]);
  const found =
    rows.total === undefined ? "" : `${countText(rows.total)} ${whatOf(state.view, rows.total)} – `;

  return (
    <ValueMenu state={state} change={change}>
      <div className="investigate">
        <title>{`${found}Metron`}</title>
        <search className="bar">
          <QueryBar state={state} change={change} error={rows.error} onLeave={toList} />
          <TimeMenu state={state} change={change} />
          <LiveControl
            live={state.live}
            connection={live.connection}
            onLive={(wanted) => change({ live: wanted }, { replace: true })}
          />
        </search>
        <CapturesUnderWay change={change} />
        <Histogram state={state} change={change} />
        <Facets state={state} change={change} />
        <List
          ref={list}
          state={state}
          change={change}
          rows={rows}
          statusChange={statusChange}
          isLost={live.connection === "lost"}
        />
        {opened !== undefined && (
          <Details
            guid={opened}
            packets={state.packets}
            change={change}
            onClose={close}
            onStatus={(status) => statusChange.change({ guid: opened, status })}
          />
        )}
      </div>
    </ValueMenu>
  );
}
