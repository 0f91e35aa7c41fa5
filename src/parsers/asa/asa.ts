import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import { Rejection } from "../../core/rejection.ts";
import { defineParser } from "../parser.ts";
import { facilityName, severityName } from "../syslog/priority.ts";
import { SyslogTime } from "../time/syslog-time.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { AsaHeader } from "./header.ts";
import { SHAPES } from "./shapes.ts";
import { Template } from "./template.ts";

const ACTION = 0;
const PROTOCOL = 1;
const SOURCE = 2;
const SOURCE_PORT = 3;
const DESTINATION = 4;
const DESTINATION_PORT = 5;

const NO_HEADER = new Rejection(
  "parser_error",
  "not an ASA message: expected `<priority>Mmm dd [yyyy] HH:mm:ss [host] [program]: %ASA-level-number`",
);
const NO_TIME = new Rejection("parser_error", "the time of the message is not a date that exists");

export const asa = defineParser({
  name: "asa",
  summary: "Reads syslog messages of Cisco ASA firewalls.",
  config: z.strictObject({ deviceTimeZone }),
  fields: [
    { name: "ciscotag", type: "text", about: "Tag of the message, such as ASA-6-302013." },
    { name: "action", type: "text", about: "What the firewall did: built, teardown, deny and so on." },
    { name: "protocol", type: "text", about: "Protocol as the firewall names it, in lower case." },
    { name: "ip_src_addr", type: "ip", about: "Address printed as the source." },
    { name: "ip_src_port", type: "integer", about: "Port of the source." },
    { name: "ip_dst_addr", type: "ip", about: "Address printed as the destination." },
    { name: "ip_dst_port", type: "integer", about: "Port of the destination." },
    { name: "syslog_severity", type: "text", about: "Severity in the syslog priority." },
    { name: "syslog_facility", type: "text", about: "Facility in the syslog priority." },
    { name: "syslog_host", type: "text", about: "Host in the syslog header." },
    { name: "syslog_prog", type: "text", about: "Program in the syslog header." },
  ],
  open: (config, context) => {
    const time = new SyslogTime(config.deviceTimeZone, context.clock);
    let reader: AsaReader | undefined;
    return {
      parseBatch: (batch) => {
        if (reader?.batch !== batch) reader = new AsaReader(batch, time);
        time.tick();
        reader.read();
      },
    };
  },
});

class AsaReader {
  readonly batch: Batch;
  readonly #time: SyslogTime;
  readonly #header = new AsaHeader();
  readonly #templates = new Map<string, Template>();
  readonly #timestamp: Column;
  readonly #tag: Column;
  readonly #severity: Column;
  readonly #facility: Column;
  readonly #host: Column;
  readonly #program: Column;
  readonly #action: Column;
  readonly #protocol: Column;
  readonly #source: Column;
  readonly #sourcePort: Column;
  readonly #destination: Column;
  readonly #destinationPort: Column;

  constructor(batch: Batch, time: SyslogTime) {
    this.batch = batch;
    this.#time = time;
    for (const [tag, shape] of Object.entries(SHAPES)) this.#templates.set(tag, new Template(shape));
    this.#timestamp = batch.column("timestamp");
    this.#tag = batch.column("ciscotag");
    this.#severity = wordColumn(batch, "syslog_severity");
    this.#facility = wordColumn(batch, "syslog_facility");
    this.#host = batch.column("syslog_host");
    this.#program = batch.column("syslog_prog");
    this.#action = batch.column("action");
    this.#protocol = batch.column("protocol");
    this.#source = batch.column("ip_src_addr");
    this.#sourcePort = batch.column("ip_src_port");
    this.#destination = batch.column("ip_dst_addr");
    this.#destinationPort = batch.column("ip_dst_port");
  }

  read(): void {
    const { batch } = this;
    for (let record = 0; record < batch.records; record++) {
      const rejection = this.#record(
        batch.recordStarts[record] as number,
        batch.recordEnds[record] as number,
      );
      if (rejection === undefined) batch.addRow(record);
      else batch.rejectRecord(record, rejection);
    }
  }

  #record(start: number, end: number): Rejection | undefined {
    const { batch } = this;
    const header = this.#header;
    const bytes = batch.arena.bytes;
    if (!header.read(bytes, start, end)) return NO_HEADER;
    const time = this.#time.read(bytes, header.timeStart, header.timeEnd);
    if (Number.isNaN(time)) return NO_TIME;
    const row = batch.rows;
    this.#timestamp.setLong(row, time);
    this.#tag.setSpan(row, header.tagStart, header.tagEnd);
    setWord(this.#severity, row, severityName(header.priority));
    setWord(this.#facility, row, facilityName(header.priority));
    if (header.hostStart >= 0) this.#host.setSpan(row, header.hostStart, header.hostEnd);
    if (header.programStart >= 0) this.#program.setSpan(row, header.programStart, header.programEnd);
    const template = this.#templates.get(batch.arena.text(header.tagStart, header.tagEnd));
    const body = header.tagEnd + 2;
    if (template !== undefined && bytes[body - 2] === 58 && bytes[body - 1] === 32) {
      if (template.match(bytes, body, end)) this.#body(template, row);
    }
    return undefined;
  }

  #body(template: Template, row: number): void {
    const { starts, ends } = template;
    this.#lower(this.#action, row, starts[ACTION] as number, ends[ACTION] as number);
    this.#lower(this.#protocol, row, starts[PROTOCOL] as number, ends[PROTOCOL] as number);
    this.#span(this.#source, row, starts[SOURCE] as number, ends[SOURCE] as number);
    this.#port(this.#sourcePort, row, starts[SOURCE_PORT] as number, ends[SOURCE_PORT] as number);
    this.#span(this.#destination, row, starts[DESTINATION] as number, ends[DESTINATION] as number);
    this.#port(
      this.#destinationPort,
      row,
      starts[DESTINATION_PORT] as number,
      ends[DESTINATION_PORT] as number,
    );
  }

  #span(column: Column, row: number, start: number, end: number): void {
    if (start >= 0) column.setSpan(row, start, end);
  }

  #port(column: Column, row: number, start: number, end: number): void {
    if (start < 0) return;
    const bytes = this.batch.arena.bytes;
    let port = 0;
    for (let at = start; at < end; at++) port = port * 10 + ((bytes[at] as number) ^ 48);
    column.setNumber(row, port);
  }

  #lower(column: Column, row: number, start: number, end: number): void {
    if (start < 0) return;
    const { arena } = this.batch;
    const to = arena.reserve(end - start);
    const { bytes } = arena;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      bytes[to + at - start] = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    }
    arena.length = to + end - start;
    column.setSpan(row, to, arena.length);
  }
}

function wordColumn(batch: Batch, name: string): Column {
  const column = batch.column(name);
  column.dictionary ??= new Dictionary();
  return column;
}

function setWord(column: Column, row: number, word: string): void {
  column.setWord(row, (column.dictionary as Dictionary).code(word));
}
