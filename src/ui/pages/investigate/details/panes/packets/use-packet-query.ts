import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { PacketQuestion } from "../../../../../../api/packet-selection.ts";
import {
  getPacketQuery,
  listPacketQueries,
  messagePackets,
  type PacketQueryState,
  startPacketQuery,
} from "../../../../../../api/packets.ts";
import { call } from "../../../../../call.ts";
import type { AskAgain } from "./ask-again.ts";

/** How often a running query is asked how far it is, and an ended one whether it is still kept, in milliseconds. */
const POLL = 700;
const POLL_ENDED = 60_000;

/** The query for a message's packets: what to ask, asked once, and how far it is. */
export function usePacketQuery(guid: string) {
  const client = useQueryClient();
  const told = useQuery({
    queryKey: ["packets-of-message", guid],
    queryFn: ({ signal }) => call(messagePackets, { params: { guid }, signal }),
  });
  const question = told.data?.question;
  const asked = useQuery({
    queryKey: ["packet-query-of-message", guid],
    enabled: question !== undefined,
    queryFn: () => (question === undefined ? Promise.reject(new Error("no question")) : ask(question)),
  });
  const id = asked.data?.id;
  const state = useQuery({
    queryKey: ["packet-query", id],
    enabled: id !== undefined,
    queryFn: ({ signal }) => call(getPacketQuery, { params: { id: id ?? "" }, signal }),
    initialData: asked.data,
    refetchInterval: ({ state: { data, error } }) =>
      error === null && data !== undefined && (isRunning(data) ? POLL : POLL_ENDED),
  });
  // What a former query found may have expired, and packets may have come since.
  const again = useMutation({
    mutationFn: async () => {
      const { question: now } = (await told.refetch({ throwOnError: true })).data ?? {};
      return now === undefined ? undefined : start(now);
    },
    onSuccess: (started) => client.setQueryData(["packet-query-of-message", guid], started),
  });
  return {
    told: told.data,
    query: state.data,
    error: again.error ?? told.error ?? asked.error ?? state.error,
    again: { ask: () => again.mutate(), isAsking: again.isPending } satisfies AskAgain,
  };
}

export function isRunning({ state }: PacketQueryState): boolean {
  return state === "waiting" || state === "running";
}

/** The same question of the same person need not be searched for twice: not after a reload, and not for the next alert of the conversation. */
async function ask(question: PacketQuestion): Promise<PacketQueryState> {
  const { queries } = await call(listPacketQueries);
  const meant = meaningOf(question);
  const before = queries.find((query) => meaningOf(query.asked) === meant && isStillRight(query));
  return before ?? start(question);
}

function start(question: PacketQuestion): Promise<PacketQueryState> {
  return call(startPacketQuery, { body: question });
}

/** Whether a query cannot have missed packets that came since. */
function isStillRight(query: PacketQueryState): boolean {
  if (isRunning(query)) return true;
  const { to } = query.asked;
  return query.state === "finished" && to !== undefined && query.endedAt !== undefined && query.endedAt >= to;
}

/** A question as text, the same for the same question. */
function meaningOf({ from, to, limit, filter, payload }: PacketQuestion): string {
  const sorted = (part: object = {}) =>
    Object.entries(part)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  const { fixed, ...others } = filter;
  return JSON.stringify([from, to, limit, sorted(fixed), sorted(others), sorted(payload)]);
}
