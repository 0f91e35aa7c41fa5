/**
 * The contract between flows and the protocols that are read in them. A protocol tells from the first bytes whether they are its own, and
 * opens a reader for the flow; the reader says what it learned as records in the form and with the field names of Zeek's logs.
 */
import type { Side } from "../reassembly/segment.ts";

/** The value of a field; fields that are undefined are left out. */
type RecordValue = string | number | boolean | undefined | readonly (string | number | boolean)[];
export type RecordFields = Readonly<Record<string, RecordValue>>;

/** The logs of Zeek that are written. */
export type RecordKind =
  | "conn"
  | "dhcp"
  | "dns"
  | "files"
  | "ftp"
  | "http"
  | "kerberos"
  | "ntlm"
  | "ntp"
  | "quic"
  | "smb_files"
  | "smb_mapping"
  | "smtp"
  | "ssh"
  | "ssl"
  | "x509";

/** What a reader knows of its flow, and whom it tells. */
export type FlowContext = {
  readonly uid: string;
  readonly transport: "tcp" | "udp";
  /** The addresses as text and the ports of the originator (0) and the responder (1). */
  readonly addresses: readonly [string, string];
  readonly ports: readonly [number, number];
  /** The time of the packet that is being read, in microseconds since 1970. */
  now(): number;
  /** Says which protocol the flow speaks, as Zeek names it; a flow may speak several. */
  speaks(service: string): void;
  /** Writes a record. `micros` is its time; the names of the flow are added. */
  write(kind: RecordKind, micros: number, fields: RecordFields): void;
  /** Nothing more needs to be read of this flow; its reader has written everything. */
  finish(): void;
  /** The next connection to a place, which this flow arranges, is of this protocol. */
  expect(address: string, port: number, protocol: StreamProtocol): void;
  /** Another protocol begins with the next bytes, as behind STARTTLS; it is found by its own first bytes. */
  restart(): void;
};

/** Reads the two streams of a TCP connection. Bytes are only valid during the call. */
export type StreamReader = {
  data(side: Side, bytes: Uint8Array, start: number, end: number): void;
  /** Bytes are missing here. */
  gap(side: Side, length: number): void;
  /** Both sides have ended, the flow is over, or is no longer followed: what is not written yet is written now. */
  end(): void;
  /** How many bytes of the streams it keeps, roughly; all flows together have a limit. */
  held(): number;
};

/** Reads the datagrams of a flow. */
export type DatagramReader = {
  data(side: Side, bytes: Uint8Array, start: number, end: number): void;
  end(): void;
};

/** What is known when it is asked which protocol a flow speaks. */
type FirstBytes = {
  /** The first bytes of both sides, empty where none came yet. Of a flow of datagrams, its first one. */
  readonly heads: readonly [Uint8Array, Uint8Array];
  readonly ports: readonly [number, number];
};

export type StreamProtocol = {
  /** True: it is this one; false: never; undefined: more bytes may tell. */
  tells(first: FirstBytes): boolean | undefined;
  /** Whether it begins here, in the middle of a protocol that nobody reads: its first bytes are like no others. */
  begins?(bytes: Uint8Array, start: number, end: number): boolean;
  open(flow: FlowContext): StreamReader;
};

export type DatagramProtocol = {
  /** Whether a datagram from `side` is of this protocol. */
  tells(bytes: Uint8Array, start: number, end: number, ports: readonly [number, number]): boolean;
  open(flow: FlowContext): DatagramReader;
};

/** The most that is kept of a text; what is cut is marked with an ellipsis. */
export const TEXT_LIMIT = 4_096;
/** The most values of a list in a record. */
export const LIST_LIMIT = 256;
