import { timeText } from "../../../../../../parts/clock.ts";
import { shortCount } from "../../../../../../parts/numbers.ts";

/** What charts of times and bytes have in common, in the colours the page has now. */
export function chartLook() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const text = { color: colour("--ink-dim"), fontSize: 10 };
  return {
    colour,
    option: {
      animation: false,
      grid: { left: 56, right: 12, top: 28, bottom: 24 },
      legend: { top: 0, right: 8, itemHeight: 8, itemWidth: 12, textStyle: text },
      tooltip: {
        // Text, never HTML: what it says comes from packets.
        renderMode: "richText" as const,
        confine: true,
        backgroundColor: colour("--surface-raised"),
        borderColor: colour("--line"),
        padding: [4, 8],
        textStyle: { color: colour("--ink"), fontSize: 11 },
      },
      xAxis: {
        type: "time" as const,
        axisLine: { lineStyle: { color: colour("--line") } },
        axisLabel: { ...text, hideOverlap: true, formatter: (value: number) => timeText(value).slice(11) },
      },
      yAxis: {
        type: "value" as const,
        name: "B",
        nameTextStyle: text,
        axisLabel: { ...text, formatter: (value: number) => shortCount(Math.abs(value)) },
        splitLine: { lineStyle: { color: colour("--line-soft") } },
      },
    },
  };
}
