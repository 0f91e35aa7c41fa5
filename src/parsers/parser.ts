import type { z } from "zod";
import type { Batch } from "../core/batch.ts";
import type { Definition, ParsedCheck } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import { isRejection, Rejection } from "../core/rejection.ts";
import type { Field } from "../schema/field.ts";
import { repairText } from "./repair.ts";

/** What a parser makes of one record: a message, none (an empty list), several, or the reason why not; a list may mix both. */
export type Parsed = Message | Rejection | readonly (Message | Rejection)[];

/** The form an ordinary parser has: pure, synchronous, never throws for bad input, never hears of columns. */
export type RecordParser = {
  readonly parseRecord: (record: Uint8Array) => Parsed;
  /** Whether a message without `timestamp` gets the arrival of its record, and counts as one without a time of its own. */
  readonly timeless?: "arrival";
};

/**
 * The form of parsers that carry the load: reads the records of a batch and writes spans and numbers straight into
 * its columns, one `addRow` per message, `rejectRecord` for what it cannot read.
 */
export type BatchParser = { readonly parseBatch: (batch: Batch) => void };

export type Parse = RecordParser | BatchParser;

export type ParserDefinition<Name extends string = string, Config extends z.ZodType = z.ZodType> = Definition<
  Parse,
  Context,
  Name,
  Config
> & {
  /** Fields it adds beyond `timestamp`, `original_string`, `source.type` and `guid`. */
  readonly fields: readonly Field[];
  /** What is checked of its messages besides; "present" when left out. */
  readonly checks?: ParsedCheck;
  /** Whether it makes fields of whatever keys a record has, so that one may be called `original_string`. */
  readonly takesKeys?: boolean;
  /** Whether a record is JSON: JSON that is not one value per line is then taken apart when it comes over HTTP. */
  readonly readsJson?: boolean;
};

/** States a parser. The literal type of its name is kept, so a wrong name in code does not compile. */
export function defineParser<const Name extends string, Config extends z.ZodType>(
  definition: ParserDefinition<Name, Config>,
): ParserDefinition<Name, Config> {
  return definition;
}

/** Runs either form over a batch: the one way a parser is called. All texts are well-formed UTF-8 afterwards. */
export function runParser(parse: Parse, batch: Batch): void {
  if ("parseBatch" in parse) parse.parseBatch(batch);
  else parseRecords(parse, batch);
  repairText(batch);
}

function parseRecords(parse: RecordParser, batch: Batch): void {
  for (let record = 0; record < batch.records; record++) {
    let parsed: Parsed;
    try {
      parsed = parse.parseRecord(batch.record(record));
    } catch (error) {
      // A parser that throws has a bug; its record is kept as rejected and the loop lives.
      parsed = new Rejection("parser_error", `parser crashed: ${String(error)}`);
    }
    if (Array.isArray(parsed)) {
      if (parsed.length === 0) batch.dropped++;
      for (const part of parsed) take(parse, batch, record, part);
    } else take(parse, batch, record, parsed as Message | Rejection);
  }
}

function take(parse: RecordParser, batch: Batch, record: number, parsed: Message | Rejection): void {
  if (isRejection(parsed)) {
    batch.rejectRecord(record, parsed);
    return;
  }
  const row = batch.addMessage(record, parsed);
  if (parse.timeless === "arrival" && (parsed.timestamp ?? null) === null) batch.setArrival(row);
}
