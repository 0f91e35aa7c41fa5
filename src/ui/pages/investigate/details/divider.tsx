import { useLocalStorage } from "@mantine/hooks";
import { useRef } from "react";
import "./divider.css";

const LEAST = 320;
const MOST = 1100;
const STEP = 24;
const KEPT = { getInitialValueInEffect: false } as const;

/** The width of the details, kept in this browser: it is about the screen, not about what is seen. Packets need more than fields. */
export function useDetailsWidth(withPackets: boolean) {
  const ofFields = useLocalStorage({ ...KEPT, key: "metron-details-width", defaultValue: 480 });
  const ofPackets = useLocalStorage({
    ...{ ...KEPT, key: "metron-packets-width" },
    // More of a wide screen, so that a line says what a packet is about.
    defaultValue: Math.min(MOST, Math.max(760, Math.round(window.innerWidth * 0.55))),
  });
  return withPackets ? ofPackets : ofFields;
}

type Props = { readonly width: number; readonly onWidth: (width: number) => void };

/** The line between list and details: dragged, or moved by the arrow keys. */
export function Divider({ width, onWidth }: Props) {
  const start = useRef<{ x: number; width: number }>(undefined);
  const set = (wanted: number) =>
    onWidth(Math.round(Math.max(LEAST, Math.min(MOST, window.innerWidth * 0.7, wanted))));
  return (
    <div
      className="divider"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the details"
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (start.current !== undefined) set(start.current.width + start.current.x - event.clientX);
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") set(width + STEP);
        if (event.key === "ArrowRight") set(width - STEP);
      }}
    />
  );
}
