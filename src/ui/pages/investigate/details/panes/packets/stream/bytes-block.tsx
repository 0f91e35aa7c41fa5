import { Button } from "@mantine/core";
import { useState } from "react";
import { isText, visibleText } from "../../../../../../parts/cells.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import { Line } from "./line.tsx";
import { HEX_WIDTH } from "./rows.ts";

/** Bytes shown at once, and how many more with each click: as text, or as lines of hex. */
const STEP = { text: 8192, hex: 1024 };

/** Bytes as text where they are text, else as hex; their beginning first. */
export function BytesBlock({ bytes, label }: { bytes: Uint8Array; label: string }) {
  const asText = isText(bytes);
  const step = asText ? STEP.text : STEP.hex;
  const [most, setMost] = useState(step);
  const shown = bytes.subarray(0, most);
  const starts = Array.from({ length: Math.ceil(shown.length / HEX_WIDTH) }, (_, at) => at * HEX_WIDTH);
  return (
    <section className="bytes-block" aria-label={label}>
      <pre>
        {asText
          ? visibleText(shown)
          : starts.map((start) => (
              <div key={start}>
                <Line
                  bytes={shown.subarray(start, start + HEX_WIDTH)}
                  position={start}
                  look="both"
                  selected={undefined}
                />
              </div>
            ))}
      </pre>
      {most < bytes.length && (
        <Button size="compact-xs" onClick={() => setMost(most + 8 * step)}>
          Show more of {countText(bytes.length)} B
        </Button>
      )}
    </section>
  );
}
