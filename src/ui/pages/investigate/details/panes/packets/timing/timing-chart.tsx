import { BarChart, type BarSeriesOption, ScatterChart, type ScatterSeriesOption } from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { getTiming } from "../../../../../../../api/conversations.ts";
import type { ResponseOf } from "../../../../../../../api/endpoint.ts";
import { timeText, useZone } from "../../../../../../parts/clock.ts";
import { countText, shortCount } from "../../../../../../parts/numbers.ts";
import { markText, SPEAKERS } from "../stream/marks.ts";

use([BarChart, ScatterChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<
  BarSeriesOption | ScatterSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

type Timing = ResponseOf<typeof getTiming>;

type Props = Pick<Timing, "buckets" | "interval" | "marks"> & { readonly scheme: string };

/** Bytes of both sides over time, the client's upwards and the server's downwards, and what went wrong in between. */
export function TimingChart({ buckets, interval, marks, scheme }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(null);
  const zone = useZone();
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
    chart.current?.setOption(optionOf({ buckets, interval, marks }), { notMerge: true });
  }, [buckets, interval, marks, scheme, zone]);
  const sum = (side: "client" | "server") => buckets.reduce((total, bucket) => total + bucket[side], 0);
  return (
    <div
      ref={host}
      className="timing-chart"
      role="img"
      aria-label={`Bytes over time: client ${countText(sum("client"))}, server ${countText(sum("server"))}`}
    />
  );
}

function optionOf({ buckets, interval, marks }: Omit<Props, "scheme">): Option {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const text = { color: colour("--ink-dim"), fontSize: 10 };
  const bars = (side: "client" | "server", sign: 1 | -1): BarSeriesOption => ({
    name: SPEAKERS[side],
    type: "bar",
    stack: "all",
    barMaxWidth: 12,
    barMinWidth: 2,
    data: buckets.map((bucket) => [bucket.from + interval / 2, sign * bucket[side]]),
    itemStyle: { color: colour(`--${side}`) },
    emphasis: { disabled: true },
  });
  return {
    animation: false,
    grid: { left: 56, right: 12, top: 28, bottom: 24 },
    legend: { top: 0, right: 8, itemHeight: 8, itemWidth: 12, textStyle: text },
    tooltip: {
      trigger: "item",
      renderMode: "richText",
      confine: true,
      backgroundColor: colour("--surface-raised"),
      borderColor: colour("--line"),
      padding: [4, 8],
      textStyle: { color: colour("--ink"), fontSize: 11 },
      formatter: (given) => {
        const one = Array.isArray(given) ? given[0] : given;
        if (one?.seriesType === "scatter") return markName(marks[one.dataIndex]);
        const bucket = buckets[one?.dataIndex ?? 0];
        if (bucket === undefined) return "";
        const { from, client, server } = bucket;
        return `${timeText(from)}\nClient: ${countText(client)} B\nServer: ${countText(server)} B`;
      },
    },
    xAxis: {
      type: "time",
      axisLine: { lineStyle: { color: colour("--line") } },
      axisLabel: { ...text, hideOverlap: true, formatter: (value: number) => timeText(value).slice(11) },
    },
    yAxis: {
      type: "value",
      name: "B",
      nameTextStyle: text,
      axisLabel: { ...text, formatter: (value: number) => shortCount(Math.abs(value)) },
      splitLine: { lineStyle: { color: colour("--line-soft") } },
    },
    series: [
      bars("client", 1),
      bars("server", -1),
      {
        name: "Retransmissions, resets, closed windows",
        type: "scatter",
        symbolSize: 7,
        data: marks.map(({ time }) => [time, 0]),
        itemStyle: { color: colour("--severity-high") },
      },
    ],
  };
}

function markName(mark: Timing["marks"][number] | undefined): string {
  return mark === undefined ? "" : `${timeText(mark.time)}\n${SPEAKERS[mark.side]} ${markText(mark.kind)}`;
}
