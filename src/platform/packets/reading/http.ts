import type { getHttp } from "../../../api/conversations.ts";
import type { ResponseOf } from "../../../api/endpoint.ts";
import { codingsOf, decode } from "../../../pcap/content/decode.ts";
import { readHttp } from "../../../pcap/http/http.ts";
import { type HttpMessage, headerOf } from "../../../pcap/http/message.ts";
import type { Conversation } from "../../../pcap/reassembly/conversation.ts";
import { viewSide } from "../../../pcap/reassembly/view.ts";
import { base64, seenOf } from "./conversations.ts";
import type { Gathered } from "./gather.ts";

type Exchanges = Pick<ResponseOf<typeof getHttp>, "exchanges" | "total" | "next" | "leftOut">;
type Message = NonNullable<Exchanges["exchanges"][number]["request"]>;

/** Bytes of a body that are shown. */
const SHOWN = 65_536;

/** A page of the requests and responses of a conversation. */
export async function httpPage(
  conversation: Conversation,
  numberOf: Gathered["numberOf"],
  { after, size }: { after: number; size: number },
): Promise<Exchanges> {
  const { exchanges: all, total } = readHttp(conversation);
  const exchanges: Exchanges["exchanges"] = [];
  for (const [index, { request, response }] of all.slice(after, after + size).entries())
    exchanges.push({
      number: after + index + 1,
      ...(request === undefined ? {} : { request: await messageOf(conversation, request, numberOf) }),
      ...(response === undefined ? {} : { response: await messageOf(conversation, response, numberOf) }),
    });
  return {
    ...{ exchanges, total },
    ...(after + size < all.length ? { next: after + size } : {}),
    leftOut:
      total > all.length ? [`only the first ${all.length} of ${total} requests and responses are read`] : [],
  };
}

async function messageOf(
  conversation: Conversation,
  message: HttpMessage,
  numberOf: Gathered["numberOf"],
): Promise<Message> {
  const { kind, method, target, version, status, reason, headers, trailers, start, notes } = message;
  const line =
    kind === "request" ? `${method} ${target} HTTP/${version}` : `HTTP/${version} ${status} ${reason}`;
  const body = await bodyOf(conversation, message);
  return {
    ...{ line, start, ...seenOf(message.first, numberOf) },
    headers: [...headers, ...trailers],
    ...(body === undefined ? {} : { body: body.shown }),
    notes: [...notes, ...(body?.notes ?? [])],
  };
}

async function bodyOf(
  conversation: Conversation,
  message: HttpMessage,
): Promise<{ shown: NonNullable<Message["body"]>; notes: readonly string[] } | undefined> {
  const { framing, length, isComplete } = message.body;
  if (framing === "none") return undefined;
  const coding = headerOf(message, "content-encoding") ?? "";
  const codings = codingsOf(coding);
  const pieces = { [Symbol.iterator]: () => piecesOf(conversation, message) };
  // A byte more than is shown tells that there are more.
  const decoded = await decode(pieces, codings ?? [], { bytes: SHOWN + 1 });
  const bytes = Buffer.concat(decoded.pieces).subarray(0, SHOWN);
  return {
    shown: {
      ...{ length, isComplete, decoded: base64(bytes), isCut: decoded.length > SHOWN },
      steps: [...(framing === "chunked" ? ["chunked"] : []), ...(codings ?? [])],
    },
    notes: [
      ...(codings === undefined ? [`the coding \`${coding}\` is not known here`] : []),
      ...decoded.notes.filter(() => decoded.length <= SHOWN),
    ],
  };
}

/** The bytes of a body one by one, up to the first that are missing: what is coded cannot be read on behind them. */
function* piecesOf(conversation: Conversation, { side, body }: HttpMessage): Generator<Uint8Array> {
  const view = viewSide(conversation, side);
  for (const { start, end } of body.ranges)
    for (const { bytes } of view.walk(start, end)) {
      if (bytes === undefined) return;
      yield bytes;
    }
}
