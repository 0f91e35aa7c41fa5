import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { ABSENT } from "../../core/column.ts";
import { mixed } from "../../schema/field.ts";
import { inCharset, readCharset } from "../charset.ts";
import type { Place } from "../json/record-scanner.ts";
import { RecordScanner } from "../json/record-scanner.ts";
import { jsonRejection } from "../json/rejection.ts";
import { type BatchParser, defineParser } from "../parser.ts";
import { queryParser } from "./query.ts";
import { type MapStrategy, PLACES } from "./strategy.ts";

export const jsonMap = defineParser({
  name: "jsonMap",
  summary: "Reads records that are JSON maps, or hold a list of maps that a JSONPath query finds.",
  config: z.strictObject({
    mapStrategy: z
      .enum(["DROP", "UNFOLD", "ALLOW", "ERROR"])
      .default("DROP")
      .describe("What becomes of a map inside the map: dropped, flattened with dots, kept, or an error."),
    jsonpQuery: z
      .string()
      .min(1)
      .optional()
      .describe(
        "JSONPath of a list of maps in the record, each of which becomes a message; the record itself becomes one when left out.",
      ),
    wrapInEntityArray: z
      .union([z.boolean(), z.enum(["true", "false"])])
      .default(false)
      .describe("Whether the record is maps with commas between them, to be wrapped in a list first."),
    wrapEntityName: z.string().default("messages").describe("Name the wrapped list gets for the query."),
    overrideOriginalString: z
      .union([z.boolean(), z.enum(["true", "false"])])
      .default(false)
      .describe("Whether original_string is each message's own JSON instead of the record."),
    readCharset,
  }),
  fields: [mixed("*", "What the keys of the record are called.")],
  takesKeys: true,
  readsJson: true,
  examples: [
    {
      options: { mapStrategy: "UNFOLD" },
      given: '{"timestamp":1700000000000,"user":{"name":"ada"}}',
      gives: { timestamp: 1700000000000, "user.name": "ada" },
    },
  ],
  open: (config) => {
    const wrap = config.wrapInEntityArray === true || config.wrapInEntityArray === "true";
    const override = config.overrideOriginalString === true || config.overrideOriginalString === "true";
    const plain = config.jsonpQuery === undefined && !wrap && !override;
    return inCharset(
      config.readCharset,
      plain
        ? mapParser(config.mapStrategy)
        : queryParser({
            strategy: config.mapStrategy,
            query: config.jsonpQuery,
            wrapName: wrap ? config.wrapEntityName : undefined,
            override,
          }),
    );
  },
});

function mapParser(strategy: MapStrategy): BatchParser {
  let scanner: RecordScanner | undefined;
  let bound: Batch | undefined;
  const place = (path: readonly string[]): Place => ({ field: path.join("."), nested: PLACES[strategy] });
  return {
    parseBatch: (batch) => {
      if (scanner === undefined || bound !== batch) {
        scanner = new RecordScanner(batch, { place, slots: 0 });
        bound = batch;
      }
      scanner.open();
      const timestamp = batch.column("timestamp");
      for (let record = 0; record < batch.records; record++) {
        const start = batch.recordStarts[record] as number;
        const row = batch.rows;
        if (!scanner.scan(start, batch.recordEnds[record] as number, row)) {
          batch.rejectRecord(record, jsonRejection(scanner, start));
          continue;
        }
        if (timestamp.kinds[row] === ABSENT) batch.setArrival(row);
        batch.addRow(record);
      }
    },
  };
}
