import { Button, Popover, TextInput } from "@mantine/core";
import { IconArrowAutofitWidth, IconClock } from "@tabler/icons-react";
import { useState } from "react";
import { readTime, timeText, useZone, zoneName } from "../../../parts/clock.ts";
import { type Shortcuts, useShortcuts } from "../../../parts/keys.ts";
import type { PageState } from "../state.ts";
import { useEscape } from "../use-escape.ts";
import type { Change } from "../use-page-state.ts";
import { exactRange, QUICK_RANGES, rangeLabel, resolveRange } from "./time-range.ts";
import { useHistogram } from "./use-histogram.ts";
import "./time-menu.css";

type Props = { readonly state: PageState; readonly change: Change };

export const TIME_KEYS = {
  range: { keys: ["t"], about: "Choose the time range" },
} as const satisfies Shortcuts;

/** The time range: quick ones, all, the data's own, or exact. */
export function TimeMenu({ state, change }: Props) {
  const range = state.t;
  const zone = useZone();
  const [opened, setOpened] = useState(false);
  const { data: histogram } = useHistogram(state);
  // The stretch of time that the matching messages cover, when it is known.
  const extent = histogram?.interval ? histogram : undefined;
  useShortcuts([[TIME_KEYS.range, () => setOpened(true)]]);
  useEscape(opened, () => setOpened(false));
  const choose = (t: string) => {
    change({ t });
    setOpened(false);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          className="time-button"
          leftSection={<IconClock size={14} />}
          onClick={() => setOpened(!opened)}
          aria-label={`Time range: ${rangeLabel(range)}`}
        >
          {rangeLabel(range)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time range">
        <div className="time-ranges">
          {QUICK_RANGES.map((column) => (
            <ul key={column[0]?.key}>
              {column.map(({ key, label }) => (
                <li key={key}>
                  <button
                    type="button"
                    className="line-button"
                    aria-pressed={key === range}
                    onClick={() => choose(key)}
                  >
                    {label}
                  </button>
                </li>
              ))}
            </ul>
          ))}
        </div>
        <ExactRange key={`${range} ${zone}`} range={range} onChoose={choose} />
        {extent !== undefined && extent.to > extent.from && (
          <Button
            variant="subtle"
            leftSection={<IconArrowAutofitWidth size={14} />}
            onClick={() => choose(exactRange(extent.from, extent.to))}
          >
            Fit to data: {timeText(extent.from).slice(0, 16)} – {timeText(extent.to).slice(0, 16)}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function ExactRange({ range, onChoose }: { range: string; onChoose: (range: string) => void }) {
  const bounds = resolveRange(range, Date.now());
  const [from, setFrom] = useState(bounds?.from === undefined ? "" : timeText(bounds.from).slice(0, 19));
  const [to, setTo] = useState(bounds?.to === undefined ? "" : timeText(bounds.to).slice(0, 19));
  const start = readTime(from);
  const end = to.trim() === "" || to.trim() === "now" ? undefined : readTime(to);
  const wrongFrom = from.trim() !== "" && Number.isNaN(start);
  const wrongTo = end !== undefined && (Number.isNaN(end) || end <= start);
  return (
    <form
      className="time-exact"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrongFrom && !wrongTo && !Number.isNaN(start)) onChoose(exactRange(start, end));
      }}
    >
      <TextInput
        label={`From (${zoneName()})`}
        placeholder="2026-03-01 08:00:00"
        value={from}
        error={wrongFrom && "Not a time"}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        label={`To (${zoneName()})`}
        placeholder="now"
        value={to}
        error={wrongTo && "Not a time after the first"}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Button type="submit" disabled={wrongFrom || wrongTo || from.trim() === ""}>
        Apply
      </Button>
    </form>
  );
}
