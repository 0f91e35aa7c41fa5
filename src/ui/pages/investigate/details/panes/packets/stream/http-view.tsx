import { Button } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type ConversationSummary, getHttp } from "../../../../../../../api/conversations.ts";
import type { ResponseOf } from "../../../../../../../api/endpoint.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call } from "../../../../../../call.ts";
import { visible } from "../../../../../../parts/cells.ts";
import { copy } from "../../../../../../parts/clipboard.ts";
import { timeText, useZone } from "../../../../../../parts/clock.ts";
import { useShortcuts } from "../../../../../../parts/keys.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import { DETAILS_KEYS } from "../../../details-keys.ts";
import { PacketsFailed } from "../no-packets.tsx";
import type { ChangePackets, Side } from "../packets-state.ts";
import { phaseOf } from "../use-conversations.ts";
import { BytesBlock } from "./bytes-block.tsx";
import { SPEAKERS } from "./marks.ts";
import { bytesOf } from "./rows.ts";

type Exchange = ResponseOf<typeof getHttp>["exchanges"][number];
type HttpMessage = NonNullable<Exchange["request"]>;

type Props = {
  readonly query: PacketQueryState;
  readonly stream: ConversationSummary["number"];
  readonly change: ChangePackets;
  /** Somebody wants to find bytes. */
  readonly onFind: () => void;
};

/** A conversation as requests and responses, their bodies without their encodings. */
export function HttpView({ query, stream, change, onFind }: Props) {
  useShortcuts([[DETAILS_KEYS.find, onFind]]);
  const { data, error, refetch, hasNextPage, fetchNextPage, isPending } = useInfiniteQuery({
    queryKey: ["packet-http", query.id, stream, phaseOf(query)],
    queryFn: ({ pageParam, signal }) =>
      call(getHttp, { params: { id: query.id, stream }, query: { after: pageParam }, signal }),
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  useZone();
  if (error !== null) return <PacketsFailed error={error} onRetry={() => refetch()} />;
  const exchanges = data?.pages.flatMap((page) => page.exchanges) ?? [];
  const leftOut = data?.pages.at(-1)?.leftOut ?? [];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
    <section className="http" aria-label="Requests and responses" tabIndex={0} data-scrolls>
      {isPending && <p className="packets-waiting dim">Reading HTTP…</p>}
      {!isPending && exchanges.length === 0 && (
        <p className="packets-waiting dim">There is no HTTP/1 in it.</p>
      )}
      {leftOut.map((sentence) => (
        <p key={sentence} className="packets-waiting dim">
          {visible(sentence)}
        </p>
      ))}
      {exchanges.map(({ number, request, response }) => (
        <article key={number} aria-label={`Exchange ${number}`}>
          <Message side="client" message={request} change={change} />
          <Message side="server" message={response} change={change} />
        </article>
      ))}
      {hasNextPage && <Button onClick={() => fetchNextPage()}>Show more</Button>}
    </section>
  );
}

type MessageProps = {
  readonly side: Side;
  readonly message: HttpMessage | undefined;
  readonly change: ChangePackets;
};

function Message({ side, message, change }: MessageProps) {
  if (message === undefined) {
    return <p className="http-message dim">{SPEAKERS[side]}: was not captured.</p>;
  }
  const { line, time, start, headers, body, notes } = message;
  return (
    <div className="http-message" data-side={side}>
      <p className="stream-head">
        <b>{SPEAKERS[side]}</b>
        <span className="dim mono">{timeText(time)}</span>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => change({ show: "auto", side: "both", bytes: { side, from: start, to: start } })}
        >
          Show its bytes
        </Button>
      </p>
      <p className="http-line">{visible(line)}</p>
      <dl className="http-headers">
        {headers.map(({ name, value }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header may come twice, and none moves
          <div key={at}>
            <dt>{visible(name)}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ))}
      </dl>
      {body !== undefined && <Body body={body} />}
      {notes.map((note) => (
        <p key={note} className="stream-mark">
          {visible(note)}
        </p>
      ))}
    </div>
  );
}

function Body({ body }: { body: NonNullable<HttpMessage["body"]> }) {
  const { length, isComplete, decoded, isCut, steps } = body;
  if (length === 0) return null;
  const bytes = bytesOf(decoded);
  return (
    <>
      <p className="stream-head">
        <span>
          Body, {countText(length)} B{steps.length > 0 && `, without ${steps.join(", ")}`}
          {isComplete ? "" : ", not all of it was captured"}
          {isCut ? "; only its beginning is shown" : ""}
        </span>
        <Button size="compact-xs" variant="subtle" onClick={() => copy(new TextDecoder().decode(bytes))}>
          Copy
        </Button>
      </p>
      <BytesBlock bytes={bytes} label="Body" />
    </>
  );
}
