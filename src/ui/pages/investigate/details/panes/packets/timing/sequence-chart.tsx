import { LineChart, type LineSeriesOption, ScatterChart, type ScatterSeriesOption } from "echarts/charts";
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
import type { Side } from "../packets-state.ts";
import { SPEAKERS } from "../stream/marks.ts";
import { chartLook } from "./chart-look.ts";
import { useChart } from "./use-chart.ts";

use([LineChart, ScatterChart, GridComponent, LegendComponent, TooltipComponent]);

type Option = ComposeOption<
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TooltipComponentOption
>;

type Timing = ResponseOf<typeof getTiming>;
type Step = NonNullable<Timing["sequences"]>["client"][number];

type Props = {
  /** Whose bytes. */
  readonly side: Side;
  readonly steps: readonly Step[];
  readonly marks: Timing["marks"];
  readonly scheme: string;
};

/**
 * How far a side's bytes were over time: sent, acknowledged, and up to where the other side took them. Sent that runs into the window is a
 * slow receiver, sent far before acknowledged a long way, steps back a loss.
 */
export function SequenceChart({ side, steps, marks, scheme }: Props) {
  const option = useCallback(() => optionOf(side, steps, marks), [side, steps, marks]);
  const host = useChart(option, scheme);
  const last = steps.at(-1);
  return (
    <div
      ref={host}
      className="timing-chart"
      role="img"
      aria-label={`Bytes of the ${SPEAKERS[side].toLowerCase()}: sent ${countText(last?.sent ?? 0)}, acknowledged ${countText(last?.acknowledged ?? 0)}`}
    />
  );
}

function optionOf(side: Side, steps: readonly Step[], marks: Timing["marks"]): Option {
  const { colour, option } = chartLook();
  const line = (name: string, heightOf: (step: Step) => number | undefined, look: string, dashed = false) =>
    ({
      name,
      type: "line",
      step: "end",
      showSymbol: steps.length === 1,
      symbolSize: 4,
      data: steps.map((step) => [step.time, heightOf(step) ?? "-"]),
      lineStyle: { width: 1.5, color: colour(look), type: dashed ? "dashed" : "solid" },
      itemStyle: { color: colour(look) },
      emphasis: { disabled: true },
    }) satisfies LineSeriesOption;
  const again = marks.filter((mark) => mark.side === side && mark.kind === "retransmission");
  return {
    ...option,
    tooltip: {
      ...option.tooltip,
      trigger: "axis",
      formatter: (given) => {
        const one = (Array.isArray(given) ? given : [given]).find(({ seriesType }) => seriesType === "line");
        const step = steps[one?.dataIndex ?? -1];
        return step === undefined ? "" : stepText(step);
      },
    },
    series: [
      line("Window's end", ({ limit }) => limit, "--ink-dim", true),
      line("Sent", ({ sent }) => sent, `--${side}`),
      line("Acknowledged", ({ acknowledged }) => acknowledged, side === "client" ? "--server" : "--client"),
      {
        name: "Sent again",
        type: "scatter",
        symbolSize: 7,
        data: again.map(({ time, position }) => [time, position]),
        itemStyle: { color: colour("--severity-high") },
      },
    ],
  };
}

function stepText({ time, packet, sent, acknowledged, limit }: Step): string {
  return [
    `${timeText(time)}, packet ${packet}`,
    `Sent: ${countText(sent)} B`,
    `Acknowledged: ${countText(acknowledged)} B`,
    `Under way: ${countText(Math.max(0, sent - acknowledged))} B`,
    ...(limit === undefined ? [] : [`Window: ${countText(limit - acknowledged)} B`]),
  ].join("\n");
}
