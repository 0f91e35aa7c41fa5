import { BarChart, type BarSeriesOption, ScatterChart, type ScatterSeriesOption } from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, use } from "echarts/core";
import { useCallback } from "react";
import type { getTiming } from "../../../../../../../api/conversations.ts";
import type { ResponseOf } from "../../../../../../../api/endpoint.ts";
import { timeText } from "../../../../../../parts/clock.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import { markText, SPEAKERS } from "../stream/marks.ts";
import { chartLook } from "./chart-look.ts";
import { useChart } from "./use-chart.ts";

use([BarChart, ScatterChart, GridComponent, LegendComponent, TooltipComponent]);

type Option = ComposeOption<
  BarSeriesOption | ScatterSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

type Timing = ResponseOf<typeof getTiming>;

type Props = Pick<Timing, "buckets" | "interval" | "marks"> & { readonly scheme: string };

/** Bytes of both sides over time, the client's upwards and the server's downwards, and what went wrong in between. */
export function TimingChart({ buckets, interval, marks, scheme }: Props) {
  const option = useCallback(() => optionOf({ buckets, interval, marks }), [buckets, interval, marks]);
  const host = useChart(option, scheme);
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
  const { colour, option } = chartLook();
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
  const events: ScatterSeriesOption = {
    name: "Retransmissions, resets, closed windows",
    type: "scatter",
    symbolSize: 7,
    data: marks.map(({ time }) => [time, 0]),
    itemStyle: { color: colour("--severity-high") },
  };
  return {
    ...option,
    tooltip: {
      ...option.tooltip,
      trigger: "item",
      formatter: (given) => {
        const one = Array.isArray(given) ? given[0] : given;
        if (one?.seriesType === "scatter") return markName(marks[one.dataIndex]);
        const bucket = buckets[one?.dataIndex ?? 0];
        if (bucket === undefined) return "";
        const { from, client, server } = bucket;
        return `${timeText(from)}\nClient: ${countText(client)} B\nServer: ${countText(server)} B`;
      },
    },
    series: [bars("client", 1), bars("server", -1), ...(marks.length === 0 ? [] : [events])],
  };
}

function markName(mark: Timing["marks"][number] | undefined): string {
  return mark === undefined ? "" : `${timeText(mark.time)}\n${SPEAKERS[mark.side]} ${markText(mark.kind)}`;
}
