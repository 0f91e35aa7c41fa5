import type { FlowContext, RecordFields, RecordKind, StreamProtocol } from "../protocols/protocol.ts";
import type { Connection } from "./connection.ts";
import type { StreamSteps } from "./stream.ts";

const TCP = 6;

/** What all flows share of their contexts. */
export type Teller = {
  /** The time of the packet that is being read, in microseconds since 1970. */
  now(): number;
  write(connection: Connection, kind: RecordKind, micros: number, fields: RecordFields): void;
  expect(address: string, port: number, protocol: StreamProtocol): void;
};

/** What the readers of a connection know of it. A class, as there is one for each of 100,000 connections. */
export class ConnectionContext implements FlowContext {
  readonly #teller: Teller;
  readonly #connection: Connection;
  readonly #steps: StreamSteps;

  constructor(teller: Teller, connection: Connection, steps: StreamSteps) {
    this.#teller = teller;
    this.#connection = connection;
    this.#steps = steps;
  }

  get uid(): string {
    return this.#connection.uid;
  }

  get transport(): "tcp" | "udp" {
    return this.#connection.protocol === TCP ? "tcp" : "udp";
  }

  get addresses(): readonly [string, string] {
    return this.#connection.addresses;
  }

  get ports(): readonly [number, number] {
    return this.#connection.ports;
  }

  now(): number {
    return this.#teller.now();
  }

  speaks(service: string): void {
    const { services } = this.#connection;
    if (!services.includes(service)) services.push(service);
  }

  write(kind: RecordKind, micros: number, fields: RecordFields): void {
    this.#teller.write(this.#connection, kind, micros, fields);
  }

  expect(address: string, port: number, protocol: StreamProtocol): void {
    this.#teller.expect(address, port, protocol);
  }

  finish(): void {
    this.#steps.finish();
  }

  restart(): void {
    this.#steps.restart();
  }
}
