import { Button, Tooltip } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import type { LiveState } from "../../../live.ts";
import { type Shortcuts, useShortcuts } from "../../../parts/keys.ts";
import "./live-control.css";

type Props = {
  readonly live: boolean;
  readonly connection: LiveState;
  readonly onLive: (live: boolean) => void;
};

const WORDS: Record<LiveState, string> = {
  off: "Paused",
  connecting: "Live",
  open: "Live",
  lost: "Reconnecting",
};

export const LIVE_KEYS = {
  pause: { keys: ["l"], about: "Pause or resume live rows" },
} as const satisfies Shortcuts;

/** Whether new rows flow in, and the button that stops or starts them. */
export function LiveControl({ live, connection, onLive }: Props) {
  useShortcuts([[LIVE_KEYS.pause, () => onLive(!live)]]);
  return (
    <Tooltip label={live ? "Pause new rows (l)" : "Let new rows in again (l)"}>
      <Button
        className="live"
        data-connection={connection}
        aria-pressed={live}
        aria-label={live ? `Live rows: ${WORDS[connection]}. Pause` : "Live rows: paused. Resume"}
        leftSection={<span className="live-dot" />}
        rightSection={live ? <IconPlayerPause size={12} /> : <IconPlayerPlay size={12} />}
        onClick={() => onLive(!live)}
      >
        {WORDS[connection]}
      </Button>
    </Tooltip>
  );
}
