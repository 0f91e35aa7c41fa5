import { BarChart, type BarSeriesOption } from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { timeText, useZone } from "../../../parts/clock.ts";
import { countText, shortCount } from "../../../parts/numbers.ts";
import { intervalText, type Series } from "./histogram-parts.ts";

use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<BarSeriesOption | GridComponentOption | TooltipComponentOption>;

type Props = {
  readonly buckets: readonly number[];
  readonly interval: number;
  readonly layers: readonly Series[];
  readonly scheme: string;
  readonly onRange: (from: number, to: number) => void;
};

const GRID = { left: 44, right: 8, top: 8, bottom: 20 };

/** A drag shorter than this is a click. */
const LEAST_DRAG = 4;

/** The stacked bars and the brush over them. */
export function HistogramChart({ buckets, interval, layers, scheme, onRange }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(null);
  const zone = useZone();
  const [drag, setDrag] = useState<{ from: number; to: number }>();

  useEffect(() => {
    if (host.current === null) return;
    const made = init(host.current);
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(host.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, which changes with the scheme; times from the clock
  useEffect(() => {
    chart.current?.setOption(optionOf(buckets, interval, layers), { replaceMerge: ["series"] });
  }, [buckets, interval, layers, scheme, zone]);

  const timeAt = useEffectEvent((x: number): number => {
    const width = (host.current?.clientWidth ?? 1) - GRID.left - GRID.right;
    const share = Math.max(0, Math.min(1, (x - GRID.left) / width));
    return (buckets[0] ?? 0) + share * interval * buckets.length;
  });

  const offsetX = (event: React.PointerEvent) =>
    event.clientX - (host.current?.getBoundingClientRect().left ?? 0);

  return (
    <div
      className="histogram-brush"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: offsetX(event), to: offsetX(event) });
      }}
      onPointerMove={(event) => drag !== undefined && setDrag({ ...drag, to: offsetX(event) })}
      onPointerCancel={() => setDrag(undefined)}
      onPointerUp={() => {
        if (drag === undefined) return;
        setDrag(undefined);
        const [left, right] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
        if (right - left >= LEAST_DRAG) onRange(Math.floor(timeAt(left)), Math.ceil(timeAt(right)));
      }}
    >
      <div ref={host} className="histogram-canvas" />
      {drag !== undefined && (
        <div
          className="histogram-drag"
          style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
        />
      )}
    </div>
  );
}

function optionOf(buckets: readonly number[], interval: number, layers: readonly Series[]): Option {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const text = { color: colour("--ink-dim"), fontSize: 10 };
  const sameDay = timeText(buckets[0] ?? 0).slice(0, 10) === timeText(buckets.at(-1) ?? 0).slice(0, 10);
  const day = interval >= 86_400_000;
  return {
    animation: false,
    grid: GRID,
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      // Text, never HTML: what is counted comes from the sensors.
      renderMode: "richText",
      confine: true,
      backgroundColor: colour("--surface-raised"),
      borderColor: colour("--line"),
      padding: [4, 8],
      textStyle: { color: colour("--ink"), fontSize: 11 },
      formatter: (given) => {
        const at = (Array.isArray(given) ? given[0]?.dataIndex : given.dataIndex) ?? 0;
        const counts = layers.map(({ name, counts }) => `${name}: ${countText(counts[at] ?? 0)}`).reverse();
        return [
          `${timeText(buckets[at] ?? 0).slice(0, interval < 1000 ? 23 : 19)}, ${intervalText(interval)}`,
          ...counts,
        ].join("\n");
      },
    },
    xAxis: {
      type: "category",
      data: buckets.map((from) =>
        timeText(from).slice(
          day ? 0 : sameDay ? 11 : 5,
          day ? 10 : interval < 1000 ? 23 : interval < 60_000 ? 19 : 16,
        ),
      ),
      axisLine: { lineStyle: { color: colour("--line") } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: true },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { ...text, formatter: (value: number) => shortCount(value) },
      splitLine: { lineStyle: { color: colour("--line-soft") } },
    },
    series: layers.map(({ name, colour: variable, counts }) => ({
      name,
      type: "bar",
      stack: "all",
      data: [...counts],
      itemStyle: { color: colour(variable) },
      barCategoryGap: "18%",
      barMaxWidth: 48,
      emphasis: { disabled: true },
    })),
  };
}
