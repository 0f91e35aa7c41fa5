import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { type Column, SPAN } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import { Rejection } from "../../core/rejection.ts";
import { SURICATA } from "../../schema/fields/suricata.ts";
import { declared } from "../../schema/schema.ts";
import { type Place, RecordScanner } from "../json/record-scanner.ts";
import { jsonRejection } from "../json/rejection.ts";
import { defineParser } from "../parser.ts";
import { readIso } from "../time/iso.ts";

/** EVE's names and Metron's. */
const RENAMED: Readonly<Record<string, string>> = {
  src_ip: "ip_src_addr",
  src_port: "ip_src_port",
  dest_ip: "ip_dst_addr",
  dest_port: "ip_dst_port",
  proto: "protocol",
};
const TIMESTAMP = 0;
const EVENT_TYPE = 1;

const NO_TIME = new Rejection("parser_error", "timestamp is not an ISO time");
const NO_TYPE = new Rejection("parser_error", "event_type is missing: not an EVE record");

export const suricata = defineParser({
  name: "suricata",
  summary: "Reads Suricata's EVE records: alerts, flows and protocol logs as JSON.",
  config: z.strictObject({}),
  fields: [
    ...declared(
      ["event_type", "Kind of the record: alert, flow, dns, http and so on."],
      ["ip_src_addr", "Source of the packet or flow."],
      ["ip_src_port", "Its port."],
      ["ip_dst_addr", "Destination of the packet or flow."],
      ["ip_dst_port", "Its port."],
      ["protocol", "Transport protocol."],
      "community_id",
      ["is_alert", "`true` on records of type alert."],
    ),
    ...SURICATA,
  ],
  takesKeys: true,
  readsJson: true,
  open: () => {
    let reader: SuricataReader | undefined;
    return {
      parseBatch: (batch) => {
        if (reader?.batch !== batch) reader = new SuricataReader(batch);
        reader.read();
      },
    };
  },
});

function place(path: readonly string[]): Place {
  const key = path.join(".");
  if (key === "timestamp") return { slot: TIMESTAMP, nested: "unfold" };
  if (key === "event_type") return { slot: EVENT_TYPE, nested: "unfold" };
  return { field: Object.hasOwn(RENAMED, key) ? (RENAMED[key] as string) : key, nested: "unfold" };
}

class SuricataReader {
  readonly batch: Batch;
  readonly #scanner: RecordScanner;
  readonly #timestamp: Column;
  readonly #eventType: Column;
  readonly #isAlert: Column;
  readonly #yes: number;

  constructor(batch: Batch) {
    this.batch = batch;
    this.#scanner = new RecordScanner(batch, { place, slots: 2 });
    this.#timestamp = batch.column("timestamp");
    this.#eventType = batch.column("event_type");
    this.#isAlert = batch.column("is_alert");
    this.#isAlert.dictionary ??= new Dictionary();
    this.#yes = this.#isAlert.dictionary.code("true");
  }

  read(): void {
    const { batch } = this;
    this.#scanner.open();
    for (let record = 0; record < batch.records; record++) {
      const start = batch.recordStarts[record] as number;
      const rejection = this.#record(start, batch.recordEnds[record] as number);
      if (rejection === undefined) batch.addRow(record);
      else batch.rejectRecord(record, rejection);
    }
  }

  #record(start: number, end: number): Rejection | undefined {
    const scanner = this.#scanner;
    const row = this.batch.rows;
    if (!scanner.scan(start, end, row)) return jsonRejection(scanner, start);
    const { slotKinds, slotStarts, slotEnds } = scanner;
    const bytes = scanner.bytes;
    const time =
      slotKinds[TIMESTAMP] === SPAN
        ? readIso(bytes, slotStarts[TIMESTAMP] as number, slotEnds[TIMESTAMP] as number)
        : undefined;
    const hasType = slotKinds[EVENT_TYPE] === SPAN;
    if (time === undefined || !hasType) {
      scanner.clear();
      return hasType ? NO_TIME : NO_TYPE;
    }
    this.#timestamp.setLong(row, time.millis);
    scanner.writeSlot(EVENT_TYPE, this.#eventType, row);
    if (isAlert(bytes, slotStarts[EVENT_TYPE] as number, slotEnds[EVENT_TYPE] as number)) {
      this.#isAlert.setWord(row, this.#yes);
    }
    return undefined;
  }
}

/** Whether bytes[start, end) spell `alert`. */
function isAlert(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 5 &&
    bytes[start] === 97 &&
    bytes[start + 1] === 108 &&
    bytes[start + 2] === 101 &&
    bytes[start + 3] === 114 &&
    bytes[start + 4] === 116
  );
}
