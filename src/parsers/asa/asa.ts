import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import { Rejection } from "../../core/rejection.ts";
import { ASA } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
import { defineParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { facilityName, severityName } from "../syslog/priority.ts";
import { SyslogTime } from "../time/syslog-time.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { isConnectionEvent, setConnection } from "./connection-event.ts";
import { AsaHeader, type Header } from "./header.ts";
import { OriginalAsaHeader } from "./original-header.ts";
import { MORE_SHAPES, SHAPES } from "./shapes.ts";
import { Template } from "./template.ts";

const ACTION = 0;
const PROTOCOL = 1;
const SOURCE = 2;
const SOURCE_PORT = 3;
const DESTINATION = 4;
const DESTINATION_PORT = 5;

const NO_HEADER = new Rejection(
  "parser_error",
  "not an ASA message: expected `<priority>Mmm dd [yyyy] HH:mm:ss [host] [program]: %ASA-level-number`, of which all but the tag may be missing",
);
const NO_ORIGINAL_HEADER = new Rejection(
  "parser_error",
  "not an ASA message: expected `<priority>Mmm dd [yyyy] HH:mm:ss [host] [program]: %ASA-level-number`",
);
const NO_TIME = new Rejection("parser_error", "the time of the message is not a date that exists");

export const asa = defineParser({
  name: "asa",
  summary: "Reads syslog messages of Cisco ASA firewalls, and of FTD, PIX and FWSM, which write the same.",
  config: z.strictObject({ deviceTimeZone, reading }),
  fields: [
    ...declared(
      ["action", "What the firewall did: built, teardown, deny and so on."],
      ["protocol", "Protocol as the firewall names it, in lower case."],
      ["ip_src_addr", "Address printed as the source."],
      ["ip_src_port", "Port of the source."],
      ["ip_dst_addr", "Address printed as the destination."],
      ["ip_dst_port", "Port of the destination."],
      ["user", "User that Firepower names for a connection."],
    ),
    ...ASA,
  ],
  open: (config, context) => {
    const asOriginal = config.reading === "original";
    const time = new SyslogTime(config.deviceTimeZone, context.clock, asOriginal);
    const find = asOriginal ? originalTemplates() : templates();
    let reader: AsaReader | undefined;
    return {
      parseBatch: (batch) => {
        if (reader?.batch !== batch)
          reader = new AsaReader(batch, asOriginal ? new OriginalAsaHeader(time) : new AsaHeader(time), find);
        time.tick();
        reader.read();
      },
    };
  },
});

/** The shapes that a message may have, by its tag. */
type Find = (header: Header, batch: Batch) => readonly Template[] | undefined;

/** By the digits that name a message: its level is a setting of the firewall. */
function templates(): Find {
  const shapes = new Map(Object.entries(SHAPES).map(([tag, shape]) => [tag.slice(-6), [shape]]));
  for (const [number, more] of Object.entries(MORE_SHAPES))
    shapes.set(number, [...(shapes.get(number) ?? []), ...more]);
  const byNumber = new Map(
    [...shapes].map(([number, forms]) => [Number(number), forms.map((form) => new Template(form, true))]),
  );
  return ({ tag }) => byNumber.get(tag.number);
}

/** By the whole tag. */
function originalTemplates(): Find {
  const byTag = new Map(Object.entries(SHAPES).map(([tag, shape]) => [tag, [new Template(shape, false)]]));
  return ({ tag }, { arena }) => byTag.get(arena.text(tag.start, tag.end));
}

class AsaReader {
  readonly batch: Batch;
  readonly #header: Header;
  readonly #find: Find;
  readonly #noHeader: Rejection;
  readonly #readsPairs: boolean;
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
  readonly #sourceName: Column;
  readonly #destinationName: Column;

  constructor(batch: Batch, header: Header, find: Find) {
    this.batch = batch;
    this.#header = header;
    this.#find = find;
    this.#readsPairs = header instanceof AsaHeader;
    this.#noHeader = this.#readsPairs ? NO_HEADER : NO_ORIGINAL_HEADER;
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
    this.#sourceName = batch.column("ip_src_name");
    this.#destinationName = batch.column("ip_dst_name");
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
    if (!header.read(bytes, start, end)) return this.#noHeader;
    const { time, tag } = header;
    if (time !== undefined && Number.isNaN(time)) return NO_TIME;
    const row = batch.rows;
    if (time === undefined) batch.setArrival(row);
    else this.#timestamp.setLong(row, time);
    this.#tag.setSpan(row, tag.start, tag.end);
    const hasPriority = header.priority >= 0;
    setWord(this.#severity, row, severityName(hasPriority ? header.priority : tag.level));
    if (hasPriority) setWord(this.#facility, row, facilityName(header.priority));
    if (header.hostStart >= 0) this.#host.setSpan(row, header.hostStart, header.hostEnd);
    if (header.programStart >= 0) this.#program.setSpan(row, header.programStart, header.programEnd);
    const body = bodyStart(bytes, tag.end);
    const shapes = body < 0 ? undefined : this.#find(header, batch);
    if (shapes === undefined) {
      if (body >= 0 && this.#readsPairs && isConnectionEvent(tag.number))
        setConnection(batch, row, body, end);
      return undefined;
    }
    for (let index = 0; index < shapes.length; index++) {
      const template = shapes[index] as Template;
      if (!template.match(bytes, body, end)) continue;
      this.#body(template, row);
      break;
    }
    return undefined;
  }

  #body(template: Template, row: number): void {
    const { starts, ends } = template;
    this.#lower(this.#action, row, starts[ACTION] as number, ends[ACTION] as number);
    this.#lower(this.#protocol, row, starts[PROTOCOL] as number, ends[PROTOCOL] as number);
    this.#address(this.#source, this.#sourceName, row, starts[SOURCE] as number, ends[SOURCE] as number);
    this.#port(this.#sourcePort, row, starts[SOURCE_PORT] as number, ends[SOURCE_PORT] as number);
    this.#address(
      this.#destination,
      this.#destinationName,
      row,
      starts[DESTINATION] as number,
      ends[DESTINATION] as number,
    );
    this.#port(
      this.#destinationPort,
      row,
      starts[DESTINATION_PORT] as number,
      ends[DESTINATION_PORT] as number,
    );
  }

  /** Sets the address, or the name that is in its place. */
  #address(address: Column, name: Column, row: number, start: number, end: number): void {
    if (start < 0) return;
    const { bytes } = this.batch.arena;
    (isAddress(bytes, start, end) ? address : name).setSpan(row, start, end);
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

/** Whether what a template took for an address is one, and not a name, which starts with a letter and has no colon. */
function isAddress(bytes: Uint8Array, start: number, end: number): boolean {
  if (((bytes[start] as number) ^ 48) < 10) return true;
  for (let at = start; at < end; at++) if (bytes[at] === 58) return true;
  return false;
}

/** Where the body begins: behind the colon that ends the tag; -1 when there is none. */
function bodyStart(bytes: Uint8Array, tagEnd: number): number {
  const colon = bytes[tagEnd] === 32 ? tagEnd + 1 : tagEnd;
  return bytes[colon] === 58 && bytes[colon + 1] === 32 ? colon + 2 : -1;
}

function wordColumn(batch: Batch, name: string): Column {
  const column = batch.column(name);
  column.dictionary ??= new Dictionary();
  return column;
}

function setWord(column: Column, row: number, word: string): void {
  column.setWord(row, (column.dictionary as Dictionary).code(word));
}
