import { type ECharts, type EChartsCoreOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type RefObject, useEffect, useRef } from "react";
import { useZone } from "../../../../../../parts/clock.ts";

use([CanvasRenderer]);

/**
 * Draws a chart into an element, and again when what it shows, the colour scheme or the clock changes.
 *
 * @param option must be the same object until what it shows changes; it reads colours from the page when it is called
 */
export function useChart(option: () => EChartsCoreOption, scheme: string): RefObject<HTMLDivElement | null> {
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
    chart.current?.setOption(option(), { notMerge: true });
  }, [option, scheme, zone]);
  return host;
}
