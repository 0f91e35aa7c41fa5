import type { Actor } from "../core/actor.ts";
import { blockOf } from "../core/block.ts";
import type { Clock, Log } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { Message } from "../core/message.ts";
import { ERROR_SENSOR, MESSAGE_FORM } from "../pipeline/errors.ts";
import { parse } from "../query/parse.ts";
import { sensorsSeenBy } from "../query/scope.ts";
import type { Query } from "../query/tree.ts";
import type { Index } from "../storage/index/contract.ts";
import type { Intake } from "./intake.ts";

export type ReplayRequest = {
  readonly sensor?: string | undefined;
  readonly query: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export type Replayed = { replayed: number; records: number; incomplete: number; unknown: number };

type ReplayParts = {
  readonly index: Index;
  readonly intake: Intake;
  /** The query that the actor asks with a text. */
  readonly asked: (text: string) => Promise<Query>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Records of a page that go to a sensor in one block, and the error records they come from. */
type Waiting = { target: string; heading: string; records: Uint8Array[]; guids: string[] };

/** Set on error records that were replayed. */
const REPLAYED = "replayed";
const PAGE = 1000;
const FIELDS = [
  "failed_sensor_type",
  "failed_topic",
  "failed_partition",
  "failed_offset",
  "raw_message",
  "raw_message_bytes",
  "raw_message_form",
  "error_type",
  "raw_message_heading",
  "raw_message_length",
];

/**
 * Sends rejected records through their sensors again and marks their error records with who did so and when. What fails again becomes a new
 * error record, which this call leaves alone. Throws Fault QUERY_INVALID, PROCESS_SILENT when a process that may have some does not answer, and what the topic or the index throw;
 * error records that are not marked by then are replayed by the next call.
 */
export async function replay(
  { sensor, query, from, to }: ReplayRequest,
  actor: Actor,
  { index, intake, asked, clock, log }: ReplayParts,
): Promise<Replayed> {
  if (query !== "") parse(query);
  const parts = [
    `NOT ${REPLAYED}:true`,
    ...(query === "" ? [] : [`(${query})`]),
    ...(sensor === undefined ? [] : [`failed_sensor_type:${JSON.stringify(sensor)}`]),
  ];
  const known = new Set(
    intake
      .sensors()
      .map(({ name }) => name)
      .filter(sensorsSeenBy(actor)),
  );
  const selection = {
    query: await asked(parts.join(" AND ")),
    sensors: [ERROR_SENSOR],
    from,
    to: Math.min(to ?? Number.POSITIVE_INFINITY, clock.now() + 1),
  };
  const done: Replayed = { replayed: 0, records: 0, incomplete: 0, unknown: 0 };
  const sent = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await index.search({
      ...selection,
      fields: ["guid", ...FIELDS],
      size: PAGE,
      cursor,
      total: false,
    });
    // The records of a process that does not answer would be passed over without a word.
    const missing = page.problems.find(({ process }) => process !== undefined);
    if (missing !== undefined)
      throw new Fault("PROCESS_SILENT", `replaying rejected records: ${missing.text}`);
    const waiting = new Map<string, Waiting>();
    for (const error of page.messages) {
      const target = String(error.failed_sensor_type);
      const record = recordOf(error);
      if (!known.has(target)) done.unknown++;
      else if (record === undefined) done.incomplete++;
      else {
        // Records of one header go together, below it.
        const heading = String(error.raw_message_heading ?? "");
        const group = waiting.get(`${target}\n${heading}`) ?? { target, heading, records: [], guids: [] };
        waiting.set(`${target}\n${heading}`, group);
        group.guids.push(String(error.guid));
        const key = keyOf(error, record);
        if (!sent.has(key)) group.records.push(record);
        sent.add(key);
      }
    }
    for (const { target, heading, records, guids } of waiting.values()) {
      const header = heading === "" ? [] : heading.split("\n");
      if (records.length > 0) await intake.deliver(target, blockOf([...header, ...records], clock.now()));
      const set = { [REPLAYED]: true, replayed_by: actor.name, replayed_at: clock.now() };
      for (const guid of guids) await index.patch(guid, { set }, actor.name);
      done.records += records.length;
      done.replayed += guids.length;
    }
    cursor = page.messages.length === 0 ? undefined : page.cursor;
  } while (cursor !== undefined);
  log.info("Rejected records were replayed.", { ...done, by: actor.name });
  return done;
}

/** The record as it came in; of a message that failed after it was parsed, what it was parsed from. */
function recordOf(error: Message): Uint8Array | undefined {
  const bytes =
    typeof error.raw_message_bytes === "string"
      ? Buffer.from(error.raw_message_bytes, "base64")
      : Buffer.from(String(error.raw_message ?? ""));
  if (typeof error.raw_message_length === "number" && error.raw_message_length > bytes.length)
    return undefined;
  // Bytes beside a message are those of the record it was made of.
  if (typeof error.raw_message_bytes === "string" || !isMessage(error)) return bytes;
  const original = originalOf(String(error.raw_message ?? ""));
  return original === undefined ? bytes : Buffer.from(original);
}

/** Whether what is kept is a message as JSON. A record that only looks like one is sent as it is. */
function isMessage({ raw_message_form: form, error_type: type }: Message): boolean {
  // Older error records do not say; parsers rejected records then as now.
  return form === undefined ? type !== "parser_error" : form === MESSAGE_FORM;
}

function originalOf(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const { original_string: original } = JSON.parse(text) as Record<string, unknown>;
    return typeof original === "string" ? original : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Several messages of one record may have failed, each with an error record of its own. */
function keyOf(error: Message, record: Uint8Array): string {
  const place = [error.failed_topic, error.failed_partition, error.failed_offset].join("/");
  return error.failed_offset === undefined
    ? `${error.guid}`
    : `${place}/${Buffer.from(record).toString("latin1")}`;
}
