/** Runs as a thread of its own: reads results of queries for packets, and puts them together. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { Fault } from "../../../core/fault.ts";
import { upTo } from "../../../pcap/content/decode.ts";
import type { ResultPlace } from "../result/result-files.ts";
import { openResultReader, type ResultReader } from "../result/result-reader.ts";
import { saidPage, sideOf, summaryOf, timingOf } from "./conversations.ts";
import { type Gathered, type GatheredConversation, gather } from "./gather.ts";
import { httpPage } from "./http.ts";
import { objectsOf, type ResultObject, type ResultObjects } from "./objects.ts";
import { onePacket, rowsPage } from "./packets-page.ts";
import type { FromReadingThread, ReadingKind, ReadingQuestions, ToReadingThread } from "./questions.ts";
import { sequencesOf } from "./sequences.ts";
import { encryptedZip } from "./zip.ts";

/** Steps of numbers of TCP per bucket of bytes. */
const STEPS = 10;

/** What was put together last: pages of the same result follow one another. */
type Held = { readonly key: string; readonly gathered: Gathered; objects?: Promise<ResultObjects> };

const port = parentPort as MessagePort;
const tell = (message: FromReadingThread): void => port.postMessage(message);
let held: Held | undefined;

port.on("message", async (message: ToReadingThread) => {
  try {
    tell({ type: "answer", answer: await answerTo(message) });
  } catch (error) {
    if (error instanceof Fault)
      tell({ type: "refused", code: error.code, message: error.message, details: error.details });
    else
      tell({
        type: "crashed",
        stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
});
tell({ type: "ready" });

type Answer = ReadingQuestions[ReadingKind]["answer"];

async function answerTo({ kind, ask, result }: ToReadingThread): Promise<Answer> {
  switch (kind) {
    case "rows":
      return reading(result, (reader) => rowsPage(reader, ask));
    case "packet":
      return reading(result, (reader) => onePacket(reader, ask.number));
    case "streams": {
      const { conversations, leftOut } = (await togetherOf(result)).gathered;
      const { after, size } = ask;
      const streams = conversations
        .slice(after, after + size)
        .map((each, index) => summaryOf(each, after + index + 1));
      const total = conversations.length;
      return { streams, total, ...nextOf(after + size, total), leftOut: [...leftOut] };
    }
    case "stream": {
      const { gathered, found } = await conversationOf(result, ask.stream);
      const page = saidPage(found, gathered.numberOf, ask);
      return { stream: summaryOf(found, ask.stream), ...page, leftOut: [...gathered.leftOut] };
    }
    case "http": {
      const { gathered, found } = await conversationOf(result, ask.stream);
      if (found.protocol === "udp") return { exchanges: [], total: 0, leftOut: [] };
      return httpPage(found.conversation, gathered.numberOf, ask);
    }
    case "timing": {
      const { gathered, found } = await conversationOf(result, ask.stream);
      const timing = timingOf(found, ask.stream, gathered.numberOf, ask.buckets);
      if (found.protocol === "udp") return timing;
      const { conversation, packets, first, last } = found;
      const part = { endpoints: conversation.endpoints, first, last };
      const sequences = await reading(result, (reader) =>
        sequencesOf(reader.read(packets), part, packets, STEPS * ask.buckets),
      );
      return { ...timing, sequences };
    }
    case "side":
      return sideOf((await conversationOf(result, ask.stream)).found, ask.side);
    case "numbers": {
      const { found } = await conversationOf(result, ask.stream);
      const { packets, sides } = found;
      const wanted = ask.direction === "client" ? 0 : 1;
      const numbers = ask.direction === "both" ? packets : packets.filter((_, at) => sides[at] === wanted);
      return { numbers: Uint32Array.from(numbers), stream: summaryOf(found, ask.stream) };
    }
    case "objects": {
      const { gathered, objects: carving } = await togetherOf(result);
      const { objects, leftOut } = await carving();
      const all = objects.filter(({ shown }) => ask.stream === undefined || shown.stream === ask.stream);
      const page = all.slice(ask.after, ask.after + ask.size).map(({ shown }) => shown);
      const next = nextOf(ask.after + ask.size, all.length);
      return { objects: page, total: all.length, ...next, leftOut: [...gathered.leftOut, ...leftOut] };
    }
    case "object": {
      const { shown, pieces } = await objectOf(result, ask.number);
      return { shown, bytes: Buffer.concat(upTo(pieces, ask.most)) };
    }
    case "zip": {
      const { shown, pieces } = await objectOf(result, ask.number);
      return { shown, zip: await encryptedZip(shown.name, Buffer.concat(pieces), ask.password) };
    }
  }
}

async function objectOf(result: ResultPlace, number: number): Promise<ResultObject> {
  const { objects: carving } = await togetherOf(result);
  const { objects } = await carving();
  const found = objects[number - 1];
  if (found === undefined)
    throw new Fault("NOT_FOUND", `reading file ${number} of a query: it has ${objects.length}`);
  return found;
}

async function reading<Result>(
  result: ResultPlace,
  read: (reader: ResultReader) => Promise<Result>,
): Promise<Result> {
  await using reader = await openResultReader(result);
  return await read(reader);
}

/** The result put together, and its files once they are asked for. */
async function togetherOf(
  result: ResultPlace,
): Promise<{ readonly gathered: Gathered; readonly objects: () => Promise<ResultObjects> }> {
  // Rows are put in order when a query ends, so the same number of packets may be others.
  const key = `${result.id} ${result.count} ${result.hasEnded}`;
  if (held?.key !== key) {
    held = undefined;
    held = { key, gathered: await reading(result, gather) };
  }
  const current = held;
  return {
    gathered: current.gathered,
    objects() {
      current.objects ??= objectsOf(current.gathered);
      return current.objects;
    },
  };
}

async function conversationOf(
  result: ResultPlace,
  stream: number,
): Promise<{ gathered: Gathered; found: GatheredConversation }> {
  const { gathered } = await togetherOf(result);
  const found = gathered.conversations[stream - 1];
  if (found === undefined)
    throw new Fault(
      "NOT_FOUND",
      `reading conversation ${stream} of a query: it has ${gathered.conversations.length}`,
    );
  return { gathered, found };
}

function nextOf(next: number, total: number): { next?: number } {
  return next < total ? { next } : {};
}
