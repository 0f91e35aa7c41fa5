import { useQuery } from "@tanstack/react-query";
import { getPacketState } from "../../../api/packets.ts";
import { call } from "../../call.ts";
import { timeText, useZone, zoneName } from "../../parts/clock.ts";
import { countText } from "../../parts/numbers.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { bytesText } from "../../parts/units.ts";

/** What packets are stored: how far back they reach, and how many days fit. */
export function StoreState() {
  const { data, error, refetch } = useQuery({
    queryKey: ["packet-state"],
    queryFn: ({ signal }) => call(getPacketState, { signal }),
    refetchInterval: ({ state }) => (state.status === "error" ? false : 4000),
    staleTime: 0,
  });
  useZone();
  if (error !== null) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (data === undefined) return null;
  const { packets, bytes, limitBytes, oldest, newest, daysThatFit, preserved, hosts } = data;
  return (
    <section className="captures-store" aria-label="Stored packets">
      <p>
        <b>{countText(packets)}</b> packets in {bytesText(bytes)} of {bytesText(limitBytes)}
        {oldest !== undefined && newest !== undefined && (
          <>
            , from <span className="mono">{timeText(oldest).slice(0, 19)}</span> to{" "}
            <span className="mono">{timeText(newest).slice(0, 19)}</span> {zoneName()}
          </>
        )}
        {daysThatFit !== undefined && `; at this rate ${daysThatFit.toFixed(1)} days fit`}
      </p>
      <meter min={0} max={limitBytes} value={bytes} aria-label="Room taken" />
      {hosts.length > 0 && (
        <ul aria-label="Hosts with packets">
          {hosts.map(({ name, problem, ...host }) => (
            <li key={name}>
              <span className="mono">{name}</span>: {countText(host.packets)} packets in{" "}
              {bytesText(host.bytes)} of {bytesText(host.limitBytes)}
              {host.oldest !== undefined && `, back to ${timeText(host.oldest).slice(0, 19)} ${zoneName()}`}
              {host.daysThatFit !== undefined && `; ${host.daysThatFit.toFixed(1)} days fit`}
              {problem !== undefined && <b role="alert"> Its packets are missing: {problem}</b>}
            </li>
          ))}
        </ul>
      )}
      {preserved.map(({ id, from, to, reason, by }) => (
        <p key={id} className="dim">
          Kept whatever their age: {timeText(from).slice(0, 19)} to {timeText(to).slice(0, 19)}, {reason} (
          {by})
        </p>
      ))}
    </section>
  );
}
