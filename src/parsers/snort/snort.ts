import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import { Rejection } from "../../core/rejection.ts";
import { SNORT } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import { CellSplitter } from "../csv/cells.ts";
import { defineParser } from "../parser.ts";
import { zoneName } from "../time/zone-option.ts";
import { SNORT_PATTERN, type SnortTime, snortTime } from "./snort-time.ts";

const COMMA = 44;
/** Columns behind the time, in Snort's order. */
const COLUMNS = (
  "sig_generator sig_id sig_rev msg protocol ip_src_addr ip_src_port ip_dst_addr ip_dst_port ethsrc ethdst ethlen " +
  "tcpflags tcpseq tcpack tcplen tcpwindow ttl tos id dgmlen iplen icmptype icmpcode icmpid icmpseq"
).split(" ");

const UNCLOSED = new Rejection("parser_error", "a quote is not closed");
const TOO_FEW = new Rejection("parser_error", "fewer than the 27 columns of a Snort alert");
const BAD_TIME = new Rejection("parser_error", "the first column is not a time in the form of dateFormat");

export const snort = defineParser({
  name: "snort",
  summary: "Reads alerts of Snort's alert_csv output; every one of them is an alert here too.",
  config: z.strictObject({
    dateFormat: z.string().min(1).default(SNORT_PATTERN).describe("java.time pattern of the first column."),
    timeZone: zoneName.optional().describe("Time zone of the sensor; that of this Metron when left out."),
    readCharset,
  }),
  fields: [
    ...declared(
      ["msg", "What the signature detects."],
      ["protocol", "Protocol of the packet."],
      ["ip_src_addr", "Source of the packet."],
      ["ip_src_port", "Its port."],
      ["ip_dst_addr", "Destination of the packet."],
      ["ip_dst_port", "Its port."],
      ["is_alert", "`true` on every message."],
      ["id", "Number of the IP packet."],
    ),
    ...SNORT,
  ],
  open: (config, context) => {
    const time = snortTime(config.dateFormat, config.timeZone ?? context.timeZone, context.clock);
    let reader: SnortReader | undefined;
    return inCharset(config.readCharset, {
      parseBatch: (batch) => {
        if (reader?.batch !== batch) reader = new SnortReader(batch, time);
        reader.read();
      },
    });
  },
});

class SnortReader {
  readonly batch: Batch;
  readonly #time: SnortTime;
  readonly #cells: CellSplitter;
  readonly #columns: readonly Column[];
  readonly #timestamp: Column;
  readonly #isAlert: Column;
  readonly #yes: number;

  constructor(batch: Batch, time: SnortTime) {
    this.batch = batch;
    this.#time = time;
    this.#cells = new CellSplitter(batch.arena, COMMA, COLUMNS.length + 1);
    this.#columns = COLUMNS.map((name) => batch.column(name));
    this.#timestamp = batch.column("timestamp");
    this.#isAlert = batch.column("is_alert");
    this.#isAlert.dictionary ??= new Dictionary();
    this.#yes = this.#isAlert.dictionary.code("true");
  }

  read(): void {
    const { batch } = this;
    const { starts, ends } = this.#cells;
    for (let record = 0; record < batch.records; record++) {
      const count = this.#cells.split(
        batch.recordStarts[record] as number,
        batch.recordEnds[record] as number,
      );
      if (count <= COLUMNS.length) {
        batch.rejectRecord(record, count < 0 ? UNCLOSED : TOO_FEW);
        continue;
      }
      const time = this.#time(batch.arena, starts[0] as number, ends[0] as number);
      if (Number.isNaN(time)) {
        batch.rejectRecord(record, BAD_TIME);
        continue;
      }
      const row = batch.addRow(record);
      this.#timestamp.setLong(row, time);
      for (let index = 0; index < COLUMNS.length; index++) {
        (this.#columns[index] as Column).setSpan(row, starts[index + 1] as number, ends[index + 1] as number);
      }
      this.#isAlert.setWord(row, this.#yes);
    }
  }
}
