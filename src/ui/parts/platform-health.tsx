import { Tooltip } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { getStatus } from "../../api/status.ts";
import { call, problemOf } from "../call.ts";
import { countText, rateText, shortCount } from "./numbers.ts";

/** Health of the platform, asked for every few seconds: it also tells when a stopped server is back. */
export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => call(getStatus, { signal }),
    refetchInterval: 4000,
    refetchIntervalInBackground: false,
    retry: false,
  });
}

/** Whenever the server has answered, what did not reach it before is asked for again. */
function useRecovery(answeredAt: number): void {
  const client = useQueryClient();
  useEffect(() => {
    if (answeredAt === 0) return;
    void client.refetchQueries({
      predicate: ({ state }) =>
        state.status === "error" && problemOf(state.error).code === "SERVER_UNREACHABLE",
    });
  }, [client, answeredAt]);
}

/** One line in the bar: is it well, how much is there, how fast does it come, how far is the scenario. */
export function PlatformHealth() {
  const { data, dataUpdatedAt, isError, isPending } = useStatus();
  useRecovery(dataUpdatedAt);
  if (isPending) return <div className="health" />;
  if (isError || data === undefined) {
    return (
      <div className="health" data-health="failing" role="status">
        <span className="health-dot" />
        Server does not answer
      </div>
    );
  }
  const { health, problems, stored, indexedPerSecond, scenario, version } = data;
  const words = { ok: "Healthy", degraded: "Degraded", failing: "Failing" }[health];
  const label = problems.length > 0 ? problems.map(({ detail }) => detail).join(" ") : `Metron ${version}`;
  return (
    <div className="health" data-health={health}>
      {scenario !== undefined && scenario.state === "playing" && scenario.total > 0 && (
        <span className="health-scenario">
          Scenario
          <progress max={scenario.total} value={scenario.sent} aria-label="Scenario played" />
        </span>
      )}
      <span>
        <b>{shortCount(stored)}</b> messages
      </span>
      <span title={`${countText(Math.round(indexedPerSecond))} messages per second`}>
        <b>{rateText(indexedPerSecond)}</b>/s
      </span>
      <Tooltip label={label} multiline maw={360}>
        <Link to="/sensors" className="health-word">
          <span className="health-dot" />
          {words}
        </Link>
      </Tooltip>
    </div>
  );
}
