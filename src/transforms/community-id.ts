import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column, INT, LONG, NULL } from "../core/column.ts";
import { parseIpv4 } from "../core/ip.ts";
import { ipProtocolNumber } from "../core/ip-protocol.ts";
import { decodeText } from "../core/text.ts";
import { type AddressValue, readAddress } from "../schema/address.ts";
import { CellBytes, presentColumn } from "../stellar/run/cells.ts";
import { communityId } from "./flow-id.ts";
import { defineTransform } from "./transform.ts";

const OUTPUT = "community_id";
const ICMP = 1;
const ICMP6 = 58;
const MOST_PORT = 65_535;
/** Names of protocols met before they are forgotten: telemetry can make up any. */
const MOST_NAMES = 1000;

export const communityIdTransform = defineTransform({
  name: "COMMUNITY_ID",
  summary:
    "Adds `community_id` to messages with addresses, ports and transport protocol, so that a flow is found in all sensors by one name; one that the sensor wrote stays.",
  config: z.strictObject({
    seed: z
      .int()
      .min(0)
      .max(65_535)
      .default(0)
      .describe("Number that other tools of the same network use as their seed too."),
  }),
  examples: [
    {
      options: {},
      given: {
        ip_src_addr: "128.232.110.120",
        ip_src_port: 34855,
        ip_dst_addr: "66.35.250.204",
        ip_dst_port: 80,
        protocol: "tcp",
      },
      gives: {
        ip_src_addr: "128.232.110.120",
        ip_src_port: 34855,
        ip_dst_addr: "66.35.250.204",
        ip_dst_port: 80,
        protocol: "tcp",
        community_id: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
      },
    },
  ],
  open: ({ seed }) => {
    const reader = new TupleReader();
    return (batch) => {
      if (!reader.begin(batch)) return;
      const output = batch.column(OUTPUT);
      for (let row = 0; row < batch.rows; row++) {
        const kind = output.kinds[row];
        if (batch.live[row] === 0 || (kind !== ABSENT && kind !== NULL)) continue;
        const id = reader.idOf(row, seed);
        if (id !== undefined) output.setString(row, id);
      }
    };
  },
});

type Ends = { readonly source: Column | undefined; readonly destination: Column | undefined };

/** Reads what names a flow out of the columns of a batch. */
class TupleReader {
  readonly #cells = new CellBytes();
  readonly #protocols = new Map<string, number | undefined>();
  #source: Column | undefined;
  #destination: Column | undefined;
  #ports: Ends = { source: undefined, destination: undefined };
  #icmp: readonly Ends[] = [];
  /** Zeek and CEF name the transport here, and something else in `protocol`. */
  #transport: Column | undefined;
  #protocol: Column | undefined;

  /** Takes the columns of a batch; false when none of its messages names two ends and a protocol. */
  begin(batch: Batch): boolean {
    const ends = (source: string, destination: string): Ends => ({
      source: presentColumn(batch, source),
      destination: presentColumn(batch, destination),
    });
    this.#source = presentColumn(batch, "ip_src_addr");
    this.#destination = presentColumn(batch, "ip_dst_addr");
    this.#ports = ends("ip_src_port", "ip_dst_port");
    this.#icmp = [ends("icmp_type", "icmp_code"), ends("icmptype", "icmpcode")];
    this.#transport = presentColumn(batch, "proto");
    this.#protocol = presentColumn(batch, "protocol");
    if (this.#protocols.size > MOST_NAMES) this.#protocols.clear();
    const hasProtocol = this.#transport !== undefined || this.#protocol !== undefined;
    return this.#source !== undefined && this.#destination !== undefined && hasProtocol;
  }

  idOf(row: number, seed: number): string | undefined {
    const transport = this.#protocolAt(this.#transport, row);
    const named = transport ?? this.#protocolAt(this.#protocol, row);
    if (named === undefined) return undefined;
    const source = this.#addressAt(this.#source, row);
    const destination = source === undefined ? undefined : this.#addressAt(this.#destination, row);
    if (source === undefined || destination === undefined) return undefined;
    // Zeek calls both ICMP by one name.
    const protocol = named === ICMP && typeof source !== "number" ? ICMP6 : named;
    const ports = this.#portsAt(row, protocol, transport !== undefined);
    return communityId({ protocol, source, destination, ...ports }, seed);
  }

  #protocolAt(column: Column | undefined, row: number): number | undefined {
    if (column === undefined) return undefined;
    const kind = column.kinds[row];
    if (kind === ABSENT || kind === NULL) return undefined;
    if (kind === INT || kind === LONG) return ipProtocolNumber(String(column.numbers[row]));
    const text = column.text(row);
    if (text === null) return undefined;
    if (!this.#protocols.has(text)) this.#protocols.set(text, ipProtocolNumber(text));
    return this.#protocols.get(text);
  }

  #addressAt(column: Column | undefined, row: number): AddressValue | undefined {
    const cells = this.#cells;
    if (column === undefined || !cells.read(column, row)) return undefined;
    const address = parseIpv4(cells.bytes, cells.start, cells.end);
    return address >= 0 ? address : readAddress(decodeText(cells.bytes, cells.start, cells.end));
  }

  /** Type and code are in fields of their own; only Zeek writes them as ports, other sensors write numbers of other kinds there. */
  #portsAt(row: number, protocol: number, isZeek: boolean) {
    if (protocol === ICMP || protocol === ICMP6) {
      for (const { source, destination } of this.#icmp) {
        const type = this.#numberAt(source, row);
        if (type >= 0) return { sourcePort: type, destinationPort: this.#numberAt(destination, row) };
      }
      if (!isZeek) return { sourcePort: -1, destinationPort: -1 };
    }
    const { source, destination } = this.#ports;
    return { sourcePort: this.#numberAt(source, row), destinationPort: this.#numberAt(destination, row) };
  }

  /** The port of a cell, also of one that is text; -1 when it is none. */
  #numberAt(column: Column | undefined, row: number): number {
    if (column === undefined) return -1;
    const kind = column.kinds[row];
    if (kind === INT || kind === LONG) {
      const number = column.numbers[row] as number;
      return number >= 0 && number <= MOST_PORT ? number : -1;
    }
    const cells = this.#cells;
    if (!cells.read(column, row)) return -1;
    const { bytes, start, end } = cells;
    if (end === start || end - start > 5) return -1;
    let number = 0;
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) return -1;
      number = 10 * number + digit;
    }
    return number <= MOST_PORT ? number : -1;
  }
}
