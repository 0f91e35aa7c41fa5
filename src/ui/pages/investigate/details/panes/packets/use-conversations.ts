import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ConversationSummary, listConversations } from "../../../../../../api/conversations.ts";
import type { PacketQueryState } from "../../../../../../api/packets.ts";
import { call } from "../../../../../call.ts";
import { isRunning } from "./use-packet-query.ts";

/** Beyond this a list of conversations is no choice any more, and the packets' list is the way to them. */
const MOST = 1000;

/** The conversations among the packets that a query found. */
export function useConversations(query: PacketQueryState | undefined) {
  return useQuery({
    queryKey: ["packet-conversations", query?.id, phaseOf(query)],
    enabled: query !== undefined && query.packets > 0,
    queryFn: ({ signal }) =>
      call(listConversations, { params: { id: query?.id ?? "" }, query: { size: MOST }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** What was read of a query's packets stays right until more are found; an ended query finds no more. */
export function phaseOf(query: PacketQueryState | undefined): string {
  return query === undefined || !isRunning(query) ? "ended" : `running ${query.packets}`;
}

/** The conversation that is wanted, or the one that went on when the message tells of it. */
export function chosenOf(
  streams: readonly ConversationSummary[],
  wanted: number | undefined,
  time: unknown,
): ConversationSummary | undefined {
  const found = streams.find(({ number }) => number === wanted);
  if (found !== undefined || typeof time !== "number") return found ?? streams[0];
  const distance = ({ first, last }: ConversationSummary) => Math.max(first - time, time - last, 0);
  return streams.reduce<ConversationSummary | undefined>(
    (best, stream) => (best === undefined || distance(stream) < distance(best) ? stream : best),
    undefined,
  );
}

/** `10.0.0.5:50123 → 192.0.2.1:80, http`. */
export function conversationText({ client, server, application, protocol }: ConversationSummary): string {
  return `${endText(client)} → ${endText(server)}, ${application ?? protocol}`;
}

function endText({ address, port }: ConversationSummary["client"]): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
