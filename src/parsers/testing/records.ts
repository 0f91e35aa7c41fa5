import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { messageToJson } from "../../core/message.ts";
import { type ParserDefinition, runParser } from "../parser.ts";

/** What a parser makes of records: messages as plain JSON, and the reasons of rejections. */
export type Read = {
  readonly messages: readonly Record<string, unknown>[];
  readonly rejected: readonly string[];
  readonly dropped: number;
  /** How many messages have no time but that of their arrival. */
  readonly timeless: number;
};

/** Reads records with a parser as a sensor would, for tests; `now` is the clock and the time of arrival. */
export function readRecords(
  definition: unknown,
  records: readonly (string | Uint8Array)[],
  options: { readonly config?: object; readonly now?: string; readonly timeZone?: string } = {},
): Read {
  const { config = {}, now = "2026-11-29T12:00:00Z", timeZone = "UTC" } = options;
  const parser = definition as ParserDefinition;
  const time = Date.parse(now);
  const batch = new Batch();
  batch.load(blockOf(records, time), { topic: "t", partition: 0, offset: 0 });
  runParser(
    parser.open(parser.config.parse(config), makeContext({ clock: { now: () => time }, timeZone })),
    batch,
  );
  return {
    messages: Array.from(
      { length: batch.rows },
      (_, row) => JSON.parse(messageToJson(batch.message(row))) as Record<string, unknown>,
    ),
    rejected: batch.rejected.map(({ rejection }) => rejection.reason),
    dropped: batch.dropped,
    timeless: batch.timeless.subarray(0, batch.rows).reduce((sum, flag) => sum + flag, 0),
  };
}
