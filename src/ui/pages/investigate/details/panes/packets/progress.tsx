import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type PacketQueryState, stopPacketQuery } from "../../../../../../api/packets.ts";
import { call, problemOf } from "../../../../../call.ts";
import { visible } from "../../../../../parts/cells.ts";
import { timeText, useZone } from "../../../../../parts/clock.ts";
import { countText } from "../../../../../parts/numbers.ts";
import { bytesText } from "../../../../../parts/units.ts";
import { isRunning } from "./use-packet-query.ts";

type Props = { readonly query: PacketQueryState | undefined; readonly notes: readonly string[] };

/** What was found so far, by what, how far the search is, and what must be known of it. */
export function Progress({ query, notes }: Props) {
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: (id: string) => call(stopPacketQuery, { params: { id } }),
    onSuccess: (stopped) => client.setQueryData(["packet-query", stopped.id], stopped),
  });
  useZone();
  if (query === undefined) {
    return (
      <p className="packets-progress dim" role="status">
        Asking for the packets…
      </p>
    );
  }
  const { progress, packets, bytes, first, last, isCut } = query;
  const said = [...notes, ...query.problems, ...(isCut ? ["More packets match than were kept."] : [])];
  return (
    <div className="packets-progress">
      <p role="status">
        {isRunning(query) ? (query.state === "waiting" ? "Waiting for a place: " : "Searching: ") : ""}
        <b>{countText(packets)}</b> {packets === 1 ? "packet" : "packets"}, {bytesText(bytes)}
        {first !== undefined && last !== undefined && (
          <span className="dim">
            , {timeText(first)} to {timeText(last).slice(11)}
          </span>
        )}
        {query.state === "stopped" && <span className="dim">, stopped before the end</span>}
      </p>
      {isRunning(query) && (
        <>
          <progress max={Math.max(1, progress.bytes)} value={progress.done} aria-label="Searched" />
          <Button size="compact-xs" onClick={() => stop.mutate(query.id)}>
            Stop
          </Button>
          {stop.error !== null && (
            <span role="alert" className="packets-mistake">
              Not stopped: {problemOf(stop.error).detail}
            </span>
          )}
        </>
      )}
      {said.length > 0 && (
        <details className="packets-notes">
          <summary>{said.length === 1 ? "1 note" : `${said.length} notes`}</summary>
          <ul>
            {said.map((note) => (
              <li key={note}>{visible(note)}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
