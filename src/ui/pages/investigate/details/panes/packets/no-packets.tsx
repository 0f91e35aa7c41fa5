import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useContext } from "react";
import type { ResponseOf } from "../../../../../../api/endpoint.ts";
import { getPacketState, type messagePackets, type PacketQueryState } from "../../../../../../api/packets.ts";
import { call, problemOf } from "../../../../../call.ts";
import { timeText, useZone, zoneName } from "../../../../../parts/clock.ts";
import { Notice } from "../../../../../parts/notice.tsx";
import { ProblemNotice } from "../../../../../parts/problem-notice.tsx";
import { WithCode } from "../../../../../parts/with-code.tsx";
import { AskAgainContext } from "./ask-again.ts";

type Told = ResponseOf<typeof messagePackets>;
type StoreState = ResponseOf<typeof getPacketState>;

type Props = {
  readonly told: Told | undefined;
  readonly query: PacketQueryState | undefined;
  readonly onRetry: () => void;
};

/** Why a message has no packets to show, and what to do next. */
export function NoPackets({ told, query, onRetry }: Props) {
  const { data: store, error } = useQuery({
    queryKey: ["packet-state"],
    queryFn: ({ signal }) => call(getPacketState, { signal }),
    staleTime: 0,
  });
  useZone();
  if (query?.state === "failed") {
    return (
      <Notice title="The search failed" tone="failing" actions={<Button onClick={onRetry}>Try again</Button>}>
        <p>
          <WithCode text={query.error ?? "No reason was given."} />
        </p>
      </Notice>
    );
  }
  if (told?.by === "nothing") {
    return (
      <Notice title="This message names no packets">
        <p>It has neither a Community ID nor addresses by which packets could be found.</p>
      </Notice>
    );
  }
  if (error !== null) return <PacketsFailed error={error} onRetry={onRetry} />;
  if (store === undefined) return null;
  const { title, body } = reasonOf(store, query);
  return (
    <Notice title={title} actions={<Button onClick={onRetry}>Look again</Button>}>
      {body}
    </Notice>
  );
}

/** A call that was refused or failed. To be told what one may not see, or what has expired, is no failure of the platform. */
export function PacketsFailed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { status, detail, advice } = problemOf(error);
  const { ask, isAsking } = useContext(AskAgainContext);
  if (isExpired(error)) {
    return (
      <Notice
        title="What was found has expired"
        actions={
          <Button onClick={ask} loading={isAsking}>
            Search again
          </Button>
        }
      >
        <p>
          The result of a search is kept for some hours, and for less when there are too many. The same search
          finds the packets again as long as they are stored, and what is opened here stays opened.
        </p>
      </Notice>
    );
  }
  if (status !== 403) return <ProblemNotice error={error} onRetry={onRetry} />;
  return (
    <Notice title="You may not see this">
      <p>
        <WithCode text={detail} />
      </p>
      <p>
        <WithCode text={advice} />
      </p>
    </Notice>
  );
}

/** Whether a call failed because the query it is about is not there any more. */
export function isExpired(error: unknown): boolean {
  return error !== null && problemOf(error).code === "RESULT_EXPIRED";
}

function reasonOf(
  store: StoreState,
  query: PacketQueryState | undefined,
): { title: string; body: ReactNode } {
  const { oldest, newest } = store;
  if (oldest === undefined || newest === undefined)
    return { title: "No packets are stored", body: <HowTo /> };
  const at = (time: number) => `${timeText(time).slice(0, 19)} ${zoneName()}`;
  const { from, to } = query?.asked ?? {};
  if (to !== undefined && to < oldest) {
    return {
      title: "The packets of that time are gone",
      body: (
        <p>
          Stored packets reach back to {at(oldest)}; the oldest are dropped when the store is full. More room
          (<code>packets.bytes</code> in the global document) keeps more.
        </p>
      ),
    };
  }
  if (from !== undefined && from > newest) {
    return {
      title: "No packets of that time yet",
      body: (
        <p>
          The newest stored packet is of {at(newest)}. Is the capture running, and are its clock and the
          sensor's the same?
        </p>
      ),
    };
  }
  return {
    title: "No packet of this conversation is stored",
    body: (
      <p>
        Packets of that time are stored ({at(oldest)} to {at(newest)}), but none between these addresses: the
        capture may not have seen this network, or a filter left them out.
      </p>
    ),
  };
}

function HowTo() {
  return (
    <>
      <p>Capture from an interface, or hand over a capture file:</p>
      <pre>{["metron capture --interface eth0", "metron ingest capture.pcap"].join("\n")}</pre>
      <p>Or drop a capture file onto this page.</p>
    </>
  );
}
