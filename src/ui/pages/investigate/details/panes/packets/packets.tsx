import { NativeSelect, Tabs } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { StoredMessage } from "../../../../../../api/selection.ts";
import { counted, countText } from "../../../../../parts/numbers.ts";
import type { Change } from "../../../use-page-state.ts";
import { AskAgainContext } from "./ask-again.ts";
import { PacketsTable } from "./list/packets-table.tsx";
import { NoPackets, PacketsFailed } from "./no-packets.tsx";
import { Objects } from "./objects/objects.tsx";
import { type ChangePackets, type PacketsState, type PacketsTab, TABS, withTab } from "./packets-state.ts";
import { Progress } from "./progress.tsx";
import { Raw } from "./raw/raw.tsx";
import { Stream } from "./stream/stream.tsx";
import { chosenOf, conversationText, useConversations } from "./use-conversations.ts";
import { isRunning, usePacketQuery } from "./use-packet-query.ts";
import "./packets.css";

const Timing = lazy(async () => ({ default: (await import("./timing/timing.tsx")).Timing }));

const TITLES: Record<PacketsTab, string> = {
  stream: "Stream",
  packets: "Packets",
  objects: "Objects",
  timing: "Timing",
  raw: "Raw",
};

type Props = {
  readonly guid: string;
  /** The message, as soon as it is there: by its time the conversation is chosen. */
  readonly message: StoredMessage | undefined;
  readonly state: PacketsState;
  readonly change: Change;
};

/** The packets that a message is about: what was said, packet by packet, which files went along, and when. */
export function Packets({ guid, message, state, change }: Props) {
  const found = usePacketQuery(guid);
  const { query, told } = found;
  const conversations = useConversations(query);
  const streams = conversations.data?.streams ?? [];
  const chosen = chosenOf(streams, state.conversation, message?.timestamp);
  const changePackets: ChangePackets = (parts, options) =>
    change({ packets: { ...state, ...parts } }, options);
  const toTab = (tab: PacketsTab) => tab !== state.tab && change({ packets: withTab(state, tab) });
  const error = found.error ?? conversations.error;
  const total = conversations.data?.total ?? 0;
  const notes = [
    ...(told?.notes ?? []),
    ...(conversations.data?.leftOut ?? []),
    ...(total > streams.length
      ? [`Only the first ${countText(streams.length)} of ${counted(total, "conversation")} are listed.`]
      : []),
  ];
  const isEmpty = told?.by === "nothing" || (query !== undefined && query.packets === 0 && !isRunning(query));
  return (
    <section className="packets" aria-label="Packets">
      <Tabs
        value={state.tab}
        onChange={(tab) => toTab(tabOf(tab))}
        keepMounted={false}
        className="packets-tabs"
      >
        <Tabs.List aria-label="What is shown of the packets">
          {TABS.map((tab, at) => (
            <Tabs.Tab key={tab} value={tab} title={`Key: ${at + 1}`}>
              {TITLES[tab]}
            </Tabs.Tab>
          ))}
          {streams.length > 1 && (
            <NativeSelect
              className="packets-conversation"
              size="xs"
              aria-label="Conversation"
              value={String(chosen?.number ?? "")}
              onChange={(event) =>
                changePackets({ conversation: Number(event.currentTarget.value), bytes: undefined })
              }
              data={streams.map((stream) => ({
                value: String(stream.number),
                label: `${stream.number}: ${conversationText(stream)}`,
              }))}
            />
          )}
        </Tabs.List>
        {(query !== undefined || (error === null && !isEmpty)) && <Progress query={query} notes={notes} />}
        <AskAgainContext value={found.again}>
          {error !== null && <PacketsFailed error={error} onRetry={found.again.ask} />}
          {error === null && isEmpty && <NoPackets told={told} query={query} onRetry={found.again.ask} />}
          {error === null && !isEmpty && query !== undefined && (
            <Tabs.Panel value={state.tab} className="packets-view">
              <Suspense fallback={<p className="packets-waiting dim">Loading…</p>}>
                {state.tab === "packets" && (
                  <PacketsTable query={query} state={state} change={changePackets} />
                )}
                {state.tab === "objects" && (
                  <Objects query={query} state={state} change={changePackets} leave={change} />
                )}
                {state.tab === "raw" && <Raw query={query} stream={chosen} />}
                {state.tab === "stream" && chosen !== undefined && (
                  <Stream
                    key={chosen.number}
                    query={query}
                    stream={chosen}
                    state={state}
                    change={changePackets}
                  />
                )}
                {state.tab === "timing" && chosen !== undefined && (
                  <Timing query={query} stream={chosen} state={state} change={changePackets} />
                )}
                {chosen === undefined && (state.tab === "stream" || state.tab === "timing") && (
                  <p className="packets-waiting dim" role="status">
                    {isRunning(query) || conversations.isPending
                      ? "Nothing is put together yet…"
                      : "These packets make no conversation of TCP or UDP: look at them under Packets."}
                  </p>
                )}
              </Suspense>
            </Tabs.Panel>
          )}
        </AskAgainContext>
      </Tabs>
    </section>
  );
}

function tabOf(name: string | null): PacketsTab {
  return TABS.find((tab) => tab === name) ?? "stream";
}
