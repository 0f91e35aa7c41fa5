import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type CaptureState, listCaptures } from "../../../../api/captures.ts";
import { call } from "../../../call.ts";
import { captureRange, FLOWS_OF_CAPTURES } from "../../../parts/captures/capture-range.ts";
import { FailedUploads } from "../../../parts/captures/failed-uploads.tsx";
import { forgetUnderWay, noteUnderWay, seenUnderWay } from "../../../parts/captures/seen-under-way.ts";
import { stateName } from "../../../parts/captures/state-name.ts";
import { untoldOf } from "../../../parts/captures/untold.ts";
import { useUploads } from "../../../parts/captures/use-capture-drop.ts";
import { visible } from "../../../parts/cells.ts";
import { counted } from "../../../parts/numbers.ts";
import { WithCode } from "../../../parts/with-code.tsx";
import type { Change } from "../use-page-state.ts";
import "./captures-under-way.css";

/** How often captures that are being read are asked for, in milliseconds. A stream of them would hold one connection more of the few there are. */
const ASK_AGAIN = 1000;

/** Uploaded captures that are being read, also after a reload, and what became of them since the page was opened. */
export function CapturesUnderWay({ change }: { readonly change: Change }) {
  const { sending, failed } = useUploads();
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const before = useRef<ReadonlySet<string>>(undefined);
  const { data, refetch } = useQuery({
    queryKey: ["captures-under-way"],
    queryFn: async ({ signal }) =>
      (await call(listCaptures, { signal })).captures.filter(({ kind }) => kind === "upload"),
    refetchInterval: ({ state: { data } }) => (sending > 0 || data?.some(isGoing) ? ASK_AGAIN : false),
    staleTime: 0,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: one that was sent whole has ended since it was asked for last
  useEffect(() => void refetch(), [sending, refetch]);
  const going = data?.filter(isGoing).map(({ id }) => id) ?? [];
  // What had ended when the page was opened is on the page of captures, unless it was seen here before the page was loaded again.
  if (data !== undefined) {
    const seen = seenUnderWay();
    before.current ??= new Set(data.filter((one) => !isGoing(one) && !seen.has(one.id)).map(({ id }) => id));
  }
  const noted = going.join(" ");
  useEffect(() => {
    if (noted !== "") noteUnderWay(noted.split(" "));
  }, [noted]);
  const shown = (data ?? []).filter(({ id }) => before.current?.has(id) !== true && !dismissed.has(id));
  const untold = untoldOf(failed, shown);
  if (shown.length === 0 && untold.length === 0) return null;
  return (
    <section className="captures-under-way" aria-label="Captures">
      {shown.map((capture) => (
        <UnderWay
          key={capture.id}
          capture={capture}
          change={change}
          onDismiss={() => {
            forgetUnderWay(capture.id);
            setDismissed((others) => new Set(others).add(capture.id));
          }}
        />
      ))}
      <FailedUploads failed={untold} />
    </section>
  );
}

type UnderWayProps = {
  readonly capture: CaptureState;
  readonly change: Change;
  readonly onDismiss: () => void;
};

function UnderWay({ capture, change, onDismiss }: UnderWayProps) {
  const { name, state, read, size, packets, flows, error, problemCount } = capture;
  const t = captureRange(capture);
  return (
    <div className="capture-under-way">
      <b>{visible(name)}</b>
      {isGoing(capture) ? (
        <progress
          {...(size !== undefined && { max: size, value: read })}
          aria-label={`${name}: read so far`}
        />
      ) : (
        <span>{stateName(state)}</span>
      )}
      {(isGoing(capture) || packets > 0) && (
        <span role="status">
          {counted(packets, "packet")}, {counted(flows, "flow")}
        </span>
      )}
      {error !== undefined && (
        <span className="capture-failed" role="alert">
          <WithCode text={visible(error)} />
        </span>
      )}
      {problemCount > 0 && <a href="/captures">{counted(problemCount, "problem")}</a>}
      {t !== undefined && flows > 0 && (
        <Button
          size="compact-xs"
          onClick={() =>
            change({ view: "messages", q: FLOWS_OF_CAPTURES, t, guid: undefined, packets: undefined })
          }
        >
          Show flows
        </Button>
      )}
      {t !== undefined && (
        <Button
          size="compact-xs"
          onClick={() => change({ view: "alerts", q: "", t, guid: undefined, packets: undefined })}
        >
          Show alerts of its time
        </Button>
      )}
      {!isGoing(capture) && <Dismiss onClick={onDismiss} />}
    </div>
  );
}

function Dismiss({ onClick }: { onClick: () => void }) {
  return (
    <ActionIcon size="sm" aria-label="Dismiss" onClick={onClick}>
      <IconX size={14} />
    </ActionIcon>
  );
}

function isGoing({ state }: CaptureState): boolean {
  return state === "running" || state === "waiting";
}
