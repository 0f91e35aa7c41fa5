import { join } from "node:path";
import type { FoundObject } from "../../api/conversations.ts";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { GlobalDocument } from "../../config/global.ts";
import { type Actor, maySeePackets } from "../../core/actor.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { Environment } from "../../stellar/run/environment.ts";
import type { PacketStore, PreservedRange } from "../../storage/packets/contract.ts";
import type { Intel } from "../intel.ts";
import { openAccessLog } from "./access-log.ts";
import { type ExportFormat, exportPackets, whyPartial } from "./export.ts";
import { followResult } from "./followed.ts";
import type { PacketHosts } from "./hosts/packet-hosts.ts";
import { Dissector } from "./pdml/dissector.ts";
import type { ExpressionStart } from "./protocol.ts";
import { PacketQueries } from "./queries.ts";
import { compileQuestion, looksIntoPayload } from "./question/question.ts";
import type { ResultObject } from "./reading/objects.ts";
import type { ReadingKind, ReadingQuestions } from "./reading/questions.ts";
import { ReadingThread } from "./reading/reading-thread.ts";
import type { ResultPlace } from "./result/result-files.ts";
import { openResultReader } from "./result/result-reader.ts";

export type InspectionOptions = {
  /** The data folder. */
  readonly data: string;
  readonly context: Context;
  readonly store: PacketStore;
  /** The other processes that have packets; undefined where there are none. */
  readonly hosts: PacketHosts | undefined;
  readonly limits: GlobalDocument["packets"]["queries"];
  readonly intel: Intel;
  /** Where expressions are checked, and what a thread that evaluates them starts with. */
  readonly environment: () => Environment;
  readonly expressions: () => ExpressionStart;
};

/** What of a result is exported. */
export type ExportOptions = {
  readonly format: ExportFormat;
  /** The conversation, from 1; absent: all packets. */
  readonly stream?: number | undefined;
  readonly direction: "both" | "client" | "server";
  /** Takes packets as they are found, until the query has ended; as pcap, and all of them. */
  readonly follow?: boolean | undefined;
};

/** Packets of a result from one number (from 0) up to but not including another. */
type PacketRange = { readonly from: number; readonly to: number };

/** Questions whose answers are what was said, and what the log of accesses says of them. */
const PAYLOAD: { readonly [Kind in ReadingKind]?: (ask: ReadingQuestions[Kind]["ask"]) => string } = {
  packet: ({ number }) => `packet ${number}`,
  stream: ({ stream }) => `conversation ${stream}`,
  http: ({ stream }) => `conversation ${stream} as HTTP`,
  object: ({ number }) => `the beginning of file ${number}`,
};

const HOUR = 3_600_000;

/** Asks for stored packets, reads what was found, and takes it away: all that people do with packets goes through here, and is logged. */
export function openInspection(options: InspectionOptions) {
  const { data, context, store, hosts, limits, intel } = options;
  const { clock, log } = context;
  const access = openAccessLog(join(data, "packet-access"), context);
  const queries = new PacketQueries({
    ...{ folder: join(data, "packet-queries"), context },
    limits: { ...limits, kept: limits.hours * HOUR },
    packets: () => store.share(),
    ...{ expressions: options.expressions, hosts },
  });
  // A page of rows does not wait for conversations that are put together.
  const rows = new ReadingThread();
  const conversations = new ReadingThread();
  const dissector = new Dissector();

  const placeOf = (id: string, actor: Actor): ResultPlace => {
    const { folder, packets, state } = queries.record(id, actor);
    const hasEnded = state !== "waiting" && state !== "running";
    return { id, folder, secret: store.share().secret, count: packets, hasEnded };
  };
  const note = (id: string, actor: Actor, what: string): void => {
    access.note({ by: actor.name, query: id, summary: queries.get(id, actor).summary, what });
  };
  const ask = <Kind extends ReadingKind>(
    kind: Kind,
    id: string,
    question: ReadingQuestions[Kind]["ask"],
    actor: Actor,
    signal?: AbortSignal,
  ) => {
    const thread = kind === "rows" || kind === "packet" ? rows : conversations;
    return thread.ask(kind, placeOf(id, actor), question, signal);
  };
  /** What threat intelligence knows of a file. */
  const withKnown = (shown: ResultObject["shown"]): FoundObject => ({
    ...shown,
    known: [shown.md5, shown.sha1, shown.sha256].flatMap((hash) =>
      intel.find(hash).map(({ type, indicator }) => ({ type, indicator })),
    ),
  });

  /** Packets of a result as a file. */
  async function page(
    id: string,
    { format, from, to }: PacketRange & { readonly format: ExportFormat },
    actor: Actor,
  ): Promise<Uint8Array> {
    const place = placeOf(id, actor);
    await using reader = await openResultReader(place);
    const provenance = { query: queries.get(id, actor), by: actor.name, at: clock.now(), part: undefined };
    const rows = () => upTo(Math.min(to, place.count), from);
    const parts: Uint8Array[] = [];
    for await (const chunk of exportPackets(reader, rows, format, provenance).chunks) parts.push(chunk);
    note(id, actor, `packets ${from + 1} to ${Math.min(to, place.count)}`);
    return Buffer.concat(parts);
  }

  return {
    store,
    queries,
    access,

    /**
     * Begins a query.
     * @param asked as it is shown; @param question the same with a message's packets in place of the message
     * @throws Fault QUERY_INVALID, PERMISSION_NEEDED, TOO_BUSY
     */
    start(
      asked: PacketQuestion,
      question: PacketQuestion,
      actor: Actor,
      original?: Readonly<Record<string, unknown>>,
    ) {
      if (looksIntoPayload(question) && !maySeePackets(actor, "payload"))
        throw new Fault(
          "PERMISSION_NEEDED",
          `asking for packets by what is in them: it needs the permission \`payload\` for packets, and ${actor.name} does not have it`,
        );
      compileQuestion(question, { now: clock.now(), environment: options.environment });
      const state = queries.start({ asked, question, ...(original && { original }) }, actor);
      log.info("Packets are looked for.", { query: state.id, by: actor.name, asked: state.summary });
      return state;
    },

    /** Times whose packets are kept, on all hosts. */
    preserved: (): readonly PreservedRange[] => hosts?.preserved() ?? store.preserved(),
    /** Has packets of a time kept on all hosts. @throws Fault DISK_FULL, FOLDER_UNWRITABLE, TABLE_STALE */
    async preserve(range: PreservedRange): Promise<void> {
      if (hosts === undefined) store.preserve(range);
      else await hosts.preserve(range);
      const { id, from, to, reason, by } = range;
      log.info("Packets of a time are kept.", { id, from: from / 1000, to: to / 1000, reason, by });
    },
    /** Lets a preserved time go. @throws Fault NOT_FOUND, TABLE_STALE */
    async release(id: string, actor: Actor): Promise<void> {
      if (hosts === undefined) store.release(id);
      else await hosts.release(id);
      log.info("Packets of a time are let go.", { id, by: actor.name });
    },
    /** All processes that have packets; nothing where there is this one alone. */
    hosts: () => hosts?.states() ?? [],

    /** Asks about a result; whether a query still runs is told beside. What was said is logged. */
    async read<Kind extends ReadingKind>(
      kind: Kind,
      id: string,
      question: ReadingQuestions[Kind]["ask"],
      actor: Actor,
      signal?: AbortSignal,
    ): Promise<ReadingQuestions[Kind]["answer"]> {
      const answer = await ask(kind, id, question, actor, signal);
      const what = PAYLOAD[kind]?.(question);
      if (what !== undefined) note(id, actor, what);
      return answer;
    },
    /** Whether more may come of a query. */
    isPartial: (id: string, actor: Actor): boolean => !placeOf(id, actor).hasEnded,
    withKnown,

    /** A file in an encrypted zip. */
    async takeObject(id: string, number: number, password: string, actor: Actor, signal?: AbortSignal) {
      const { shown, zip } = await ask("zip", id, { number, password }, actor, signal);
      const what = `file ${number}, ${shown.name}, SHA-256 ${shown.sha256}, in a zip`;
      note(id, actor, what);
      queries.noteExport(id, {
        ...{ by: actor.name, at: clock.now(), what, bytes: zip.length },
        sha256: await sha256Of(zip),
      });
      return { name: shown.name, zip };
    },

    /** What one side of a conversation said. */
    async takeSide(
      id: string,
      question: ReadingQuestions["side"]["ask"],
      actor: Actor,
      signal?: AbortSignal,
    ) {
      const { bytes, missing } = await ask("side", id, question, actor, signal);
      const sha256 = await sha256Of(bytes);
      const what = `what the ${question.side} of conversation ${question.stream} said`;
      note(id, actor, `${what}, SHA-256 ${sha256}`);
      queries.noteExport(id, { by: actor.name, at: clock.now(), what, bytes: bytes.length, sha256 });
      return { bytes, missing, sha256 };
    },

    /** The packets of a result as a file, made as it is read. It is noted when it begins, and again with its SHA-256 when it is complete. */
    async take(
      id: string,
      { format, stream, direction, follow = false }: ExportOptions,
      actor: Actor,
      signal?: AbortSignal,
    ): Promise<{ name: string; chunks: AsyncGenerator<Uint8Array>; sha256: () => string }> {
      const query = queries.get(id, actor);
      if (stream === undefined && direction !== "both")
        throw new Fault(
          "REQUEST_INVALID",
          "exporting packets: `direction` is of a conversation; name it as `stream`",
        );
      if (follow && (format === "pcapng" || stream !== undefined))
        throw new Fault(
          "REQUEST_INVALID",
          "exporting packets: only all packets, as pcap, are written while they are found: the note of a pcapng and conversations tell of the whole result. Leave `follow` out",
        );
      // The query may end meanwhile, which puts packets in order: by the same place they keep their numbers.
      const place = placeOf(id, actor);
      const { numbers } =
        stream === undefined
          ? { numbers: undefined }
          : await conversations.ask("numbers", place, { stream, direction }, signal);
      const part =
        stream === undefined
          ? undefined
          : `conversation ${stream}${direction === "both" ? "" : `, what the ${direction} sent`}`;
      const what = `packets as ${format}${part === undefined ? "" : `: ${part}`}`;
      note(id, actor, what);
      const provenance = { query, by: actor.name, at: clock.now(), part };
      const all = () => numbers ?? upTo(place.count);
      let sha256 = "";
      // The result is opened when the download begins: of one that never does, nobody would close it.
      async function* chunks(): AsyncGenerator<Uint8Array> {
        await using opened = follow ? undefined : await openResultReader(place);
        const reader = opened ?? followResult(() => placeOf(id, actor), signal);
        const file = exportPackets(reader, all, format, provenance);
        yield* file.chunks;
        const { leftOut, ...taken } = file.taken();
        sha256 = taken.sha256;
        const partial = whyPartial(follow ? queries.get(id, actor) : query).map((sentence) =>
          sentence.replace(/\.$/, ""),
        );
        const noted = [what, leftOut, ...partial].filter((part) => part !== "").join("; ");
        queries.noteExport(id, { by: actor.name, at: clock.now(), what: noted, ...taken });
        access.note({
          by: actor.name,
          query: id,
          summary: query.summary,
          what: `${noted}, SHA-256 ${taken.sha256}`,
        });
      }
      return {
        name: `metron-${id.slice(0, 8)}${stream === undefined ? "" : `-${stream}`}.${format}`,
        chunks: chunks(),
        sha256: () => sha256,
      };
    },

    page,
    /** The same packets as tshark takes them apart: PDML as JSON. */
    async pdml(id: string, range: PacketRange, actor: Actor, signal?: AbortSignal): Promise<Uint8Array> {
      // As pcapng, since there may be packets of several kinds of links among them.
      return dissector.pdml(await page(id, { format: "pcapng", ...range }, actor), signal);
    },

    async [Symbol.asyncDispose]() {
      await dissector[Symbol.asyncDispose]();
      await queries[Symbol.asyncDispose]();
      await rows[Symbol.asyncDispose]();
      await conversations[Symbol.asyncDispose]();
    },
  };
}

function* upTo(end: number, from = 0): Generator<number> {
  for (let number = from; number < end; number++) yield number;
}

async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Buffer.from(bytes));
  return Buffer.from(digest).toString("hex");
}
