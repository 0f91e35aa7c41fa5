import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { Rejection } from "../../core/rejection.ts";
import { ZEEK_CONNECTIONS, ZEEK_DNS, ZEEK_HTTP } from "../../schema/fields/zeek.ts";
import { ZEEK_FILES, ZEEK_NOTICES, ZEEK_SESSIONS, ZEEK_TLS } from "../../schema/fields/zeek-logs.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import type { KeyNode } from "../json/key-table.ts";
import { jsonRejection } from "../json/rejection.ts";
import { defineParser } from "../parser.ts";
import { BroWriter } from "./bro-writer.ts";
import { cleanKey } from "./fields.ts";
import { TsvReader } from "./tsv.ts";

const BRACE = 123;
const HASH = 35;

const EMPTY = new Rejection("parser_error", "the record is empty");
const NEITHER = new Rejection("parser_error", "neither a JSON map nor a line below a #fields header");
const SEVERAL = new Rejection("parser_error", "the record holds several maps and does not name its log type");

export const bro = defineParser({
  name: "bro",
  summary: "Reads Zeek (Bro) logs of every type, as JSON or as tab-separated text with its header.",
  config: z.strictObject({
    logType: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Log type (conn, dns, …) of records that do not name it themselves; without it their fields tell Zeek's own logs.",
      ),
    readCharset,
  }),
  fields: [
    ...declared(
      ["protocol", "Log type: conn, dns, http and so on; zeek for a connection that tells no more."],
      ["ip_src_addr", "Address of the originator."],
      ["ip_src_port", "Port of the originator."],
      ["ip_dst_addr", "Address of the responder."],
      ["ip_dst_port", "Port of the responder."],
      "proto",
      "service",
      "duration",
      "community_id",
      ["host", "Server that was asked."],
      "method",
      "user_agent",
      "user",
      "username",
      "action",
      "name",
      "id",
      ["type", "Kind of what the record is about, where the record says so itself."],
      "msg",
      "hostname",
      ["error_code", "Code of the error."],
      ["date", "Date of a mail, as it says it."],
    ),
    ...ZEEK_CONNECTIONS,
    ...ZEEK_DNS,
    ...ZEEK_HTTP,
    ...ZEEK_TLS,
    ...ZEEK_FILES,
    ...ZEEK_SESSIONS,
    ...ZEEK_NOTICES,
  ],
  takesKeys: true,
  readsJson: true,
  open: (config) => {
    let reader: BroReader | undefined;
    return inCharset(config.readCharset, {
      parseBatch: (batch) => {
        if (reader?.batch !== batch) reader = new BroReader(batch, config.logType);
        reader.read();
      },
    });
  },
});

class BroReader {
  readonly batch: Batch;
  readonly #logType: string | undefined;
  readonly #writer: BroWriter;
  readonly #tsv: TsvReader;
  /** For records with maps that are not the payload; rare, so made when needed. */
  #fields: BroWriter | undefined;
  readonly #names = new Map<KeyNode, string>();

  constructor(batch: Batch, logType: string | undefined) {
    this.batch = batch;
    this.#logType = logType;
    this.#writer = new BroWriter(batch, "payload");
    this.#tsv = new TsvReader(this.#writer);
  }

  read(): void {
    const { batch } = this;
    this.#writer.scanner.open();
    // Sources begin each block with the header of its log; one left from another block may be another log's.
    this.#tsv.forget();
    for (let record = 0; record < batch.records; record++) {
      const start = batch.recordStarts[record] as number;
      const end = batch.recordEnds[record] as number;
      const rejection = this.#record(start, end);
      if (rejection === undefined) batch.addRow(record);
      else if (rejection === null) batch.dropped++;
      else batch.rejectRecord(record, rejection);
    }
  }

  /** Reads a record into the next row; answers undefined when it is one, null for a header line. */
  #record(start: number, end: number): Rejection | null | undefined {
    const scanner = this.#writer.scanner;
    const at = scanner.space(start);
    if (at >= end) return EMPTY;
    const byte = scanner.bytes[at];
    if (byte === BRACE) return this.#json(start, end);
    if (byte === HASH) {
      const reason = this.#tsv.header(start, end);
      return reason === undefined ? null : new Rejection("parser_error", reason);
    }
    if (!this.#tsv.ready) return NEITHER;
    const reason = this.#tsv.line(start, end, this.batch.rows, this.#logType);
    return reason === undefined ? undefined : new Rejection("parser_error", reason);
  }

  #json(start: number, end: number): Rejection | undefined {
    const row = this.batch.rows;
    const writer = this.#writer;
    const scanner = writer.scanner;
    if (!scanner.scan(start, end, row)) return jsonRejection(scanner, start);
    let reason: string | undefined;
    const { unfolded } = scanner;
    if (unfolded === undefined) reason = writer.finishPlain(this.#logType, row);
    else if (scanner.rootCount === 1) reason = writer.finishNamed(this.#nameOf(unfolded), row);
    else if (this.#logType !== undefined || writer.namesType) return this.#wholeRecord(start, end, row);
    else if (scanner.unfoldedCount === 1) reason = writer.finishNamed(this.#nameOf(unfolded), row);
    else {
      scanner.clear();
      return SEVERAL;
    }
    if (reason === undefined) return undefined;
    scanner.clear();
    return new Rejection("parser_error", reason);
  }

  /** Reads a record whose maps are fields and not the payload. */
  #wholeRecord(start: number, end: number, row: number): Rejection | undefined {
    this.#writer.scanner.clear();
    this.#fields ??= new BroWriter(this.batch, "fields");
    const scanner = this.#fields.scanner;
    scanner.open();
    if (!scanner.scan(start, end, row)) return jsonRejection(scanner, start);
    const reason = this.#fields.finishPlain(this.#logType, row);
    this.#writer.scanner.refresh();
    if (reason === undefined) return undefined;
    scanner.clear();
    return new Rejection("parser_error", reason);
  }

  #nameOf(key: KeyNode): string {
    let name = this.#names.get(key);
    if (name === undefined) {
      name = cleanKey(key.name);
      this.#names.set(key, name);
    }
    return name;
  }
}
