import { ActionIcon, Tooltip, useComputedColorScheme } from "@mantine/core";
import { IconZoomOut } from "@tabler/icons-react";
import { lazy, Suspense, useMemo } from "react";
import { countText } from "../../../parts/numbers.ts";
import type { PageState } from "../state.ts";
import type { Change } from "../use-page-state.ts";
import { histogramText, intervalText, layersOf, regularBuckets } from "./histogram-parts.ts";
import { exactRange, resolveRange } from "./time-range.ts";
import { useHistogram } from "./use-histogram.ts";
import "./histogram.css";

const HistogramChart = lazy(async () => ({
  default: (await import("./histogram-chart.tsx")).HistogramChart,
}));

type Props = { readonly state: PageState; readonly change: Change };

/** Messages over time; dragging over it chooses the time range. */
export function Histogram({ state, change }: Props) {
  const { data, isPending, isError } = useHistogram(state);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const buckets = useMemo(() => (data === undefined ? [] : regularBuckets(data)), [data]);
  const layers = useMemo(() => layersOf(buckets, state.view), [buckets, state.view]);
  const bounded = resolveRange(state.t, 0)?.from !== undefined;
  const wider = () => {
    if (data === undefined) return;
    const half = Math.max(data.interval, (data.to - data.from) / 2);
    change({ t: exactRange(Math.round(data.from - half), Math.round(data.to + half)) });
  };
  return (
    <section className="histogram" aria-label="Messages over time">
      <div
        className="histogram-chart"
        role="img"
        aria-label={data === undefined ? "Histogram, loading" : histogramText(data)}
      >
        {data !== undefined && buckets.length > 0 && (
          <Suspense fallback={null}>
            <HistogramChart
              buckets={buckets.map(({ from }) => from)}
              interval={data.interval}
              layers={layers}
              scheme={scheme}
              onRange={(from, to) => change({ t: exactRange(from, to) })}
            />
          </Suspense>
        )}
        {data !== undefined && buckets.length === 0 && <p className="dim">No messages in this time range</p>}
        {isPending && <p className="dim">Counting…</p>}
        {isError && data === undefined && <p className="dim">Nothing counted</p>}
      </div>
      <div className="histogram-side">
        {data !== undefined && data.interval > 0 && (
          <span className="dim">per {intervalText(data.interval)}</span>
        )}
        {data?.outside !== undefined && (
          <span
            className="dim"
            title="Few messages lie so far from all others that they are left out of the picture"
          >
            {outsideText(data.outside)}
          </span>
        )}
        {buckets.length > 0 && (
          <ul className="legend">
            {[...layers].reverse().map(({ name, colour }) => (
              <li key={name}>
                <span style={{ background: `var(${colour})` }} />
                {name}
              </li>
            ))}
          </ul>
        )}
        {bounded && (
          <Tooltip label="Twice the time">
            <ActionIcon size="sm" aria-label="Show twice the time" onClick={wider}>
              <IconZoomOut size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
    </section>
  );
}

/** `3 earlier, 1 later` of what is not drawn. */
function outsideText({ before, after }: { readonly before: number; readonly after: number }): string {
  const parts = [
    before > 0 ? `${countText(before)} earlier` : "",
    after > 0 ? `${countText(after)} later` : "",
  ];
  return `not drawn: ${parts.filter((part) => part !== "").join(", ")}`;
}
