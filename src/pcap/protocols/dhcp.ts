/** DHCP (RFC 2131), as Zeek's dhcp.log tells it: one record for the messages of a client that belong together. */
import { formatIpv4 } from "../../core/ip.ts";
import { Cursor } from "./cursor.ts";
import type { DatagramProtocol, FlowContext } from "./protocol.ts";
import { textOf } from "./text.ts";

const SERVER = 67;
const CLIENT = 68;
const HEADER = 236;
const COOKIE = 0x63825363;
const TYPES = [
  "",
  "DISCOVER",
  "OFFER",
  "REQUEST",
  "DECLINE",
  "ACK",
  "NAK",
  "RELEASE",
  "INFORM",
  "FORCERENEW",
];
const MOST_PENDING = 64;
const MOST_MESSAGES = 32;

type Message = {
  readonly transaction: number;
  readonly mac: string | undefined;
  readonly clientAddress: string | undefined;
  readonly yourAddress: string | undefined;
  readonly options: ReadonlyMap<number, Cursor>;
};

type Talk = {
  readonly micros: number;
  readonly types: string[];
  mac: string | undefined;
  host: string | undefined;
  fullName: string | undefined;
  domain: string | undefined;
  requested: string | undefined;
  assigned: string | undefined;
  client: string | undefined;
  server: string | undefined;
  lease: number | undefined;
  message: string | undefined;
};

export const dhcp: DatagramProtocol = {
  tells: (bytes, start, end, ports) =>
    ports.every((port) => port === SERVER || port === CLIENT) &&
    readMessage(new Cursor(bytes, start, end)) !== undefined,
  open: openDhcp,
};

function openDhcp(flow: FlowContext) {
  const talks = new Map<number, Talk>();

  const write = (talk: Talk) => {
    flow.speaks("dhcp");
    flow.write("dhcp", talk.micros, {
      client_addr: talk.client ?? talk.assigned,
      server_addr: talk.server,
      mac: talk.mac,
      host_name: talk.host,
      client_fqdn: talk.fullName,
      domain: talk.domain,
      requested_addr: talk.requested,
      assigned_addr: talk.assigned,
      lease_time: talk.lease,
      server_message: talk.message,
      msg_types: talk.types,
      duration: (flow.now() - talk.micros) / 1e6,
    });
  };
  const take = (message: Message) => {
    const { transaction, options } = message;
    const [oldest] = talks;
    if (!talks.has(transaction) && talks.size >= MOST_PENDING && oldest !== undefined) {
      write(oldest[1]);
      talks.delete(oldest[0]);
    }
    const talk = talks.get(transaction) ?? emptyTalk(flow.now());
    talks.set(transaction, talk);
    const type = TYPES[byteOf(options.get(53)) ?? 0] ?? "";
    if (type !== "" && talk.types.length < MOST_MESSAGES) talk.types.push(type);
    talk.mac ??= message.mac;
    talk.client = message.clientAddress ?? talk.client;
    talk.host = textOption(options.get(12)) ?? talk.host;
    talk.fullName = fullNameOf(options.get(81)) ?? talk.fullName;
    talk.domain = textOption(options.get(15)) ?? talk.domain;
    talk.requested = addressOption(options.get(50)) ?? talk.requested;
    talk.server = addressOption(options.get(54)) ?? talk.server;
    talk.message = textOption(options.get(56)) ?? talk.message;
    if (type === "ACK" || type === "OFFER") {
      talk.assigned = message.yourAddress ?? talk.assigned;
      talk.lease = wordOf(options.get(51)) ?? talk.lease;
    }
    if (type !== "ACK" && type !== "NAK" && type !== "RELEASE" && type !== "DECLINE") return;
    talks.delete(transaction);
    write(talk);
  };

  return {
    data(_side: number, bytes: Uint8Array, start: number, end: number) {
      const message = readMessage(new Cursor(bytes, start, end));
      if (message !== undefined) take(message);
    },
    end() {
      for (const talk of talks.values()) write(talk);
      talks.clear();
    },
  };
}

function emptyTalk(micros: number): Talk {
  return {
    micros,
    types: [],
    mac: undefined,
    host: undefined,
    fullName: undefined,
    domain: undefined,
    requested: undefined,
    assigned: undefined,
    client: undefined,
    server: undefined,
    lease: undefined,
    message: undefined,
  };
}

function readMessage(cursor: Cursor): Message | undefined {
  const begin = cursor.at;
  if (cursor.left < HEADER + 4) return undefined;
  const kind = cursor.u8();
  const hardware = cursor.u8();
  const length = cursor.u8();
  cursor.u8();
  const transaction = cursor.u32();
  cursor.skip(4);
  const clientAddress = addressText(cursor.u32());
  const yourAddress = addressText(cursor.u32());
  cursor.skip(8);
  const at = cursor.skip(16);
  cursor.skip(HEADER - (cursor.at - begin));
  if ((kind !== 1 && kind !== 2) || cursor.u32() !== COOKIE) return undefined;
  const mac =
    hardware === 1 && length === 6
      ? Array.from(cursor.bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":")
      : undefined;
  const options = new Map<number, Cursor>();
  while (cursor.left > 0) {
    const code = cursor.u8();
    if (code === 255) break;
    if (code === 0) continue;
    const value = cursor.part(cursor.u8());
    if (!options.has(code)) options.set(code, value);
  }
  return { transaction, mac, clientAddress, yourAddress, options };
}

function addressText(address: number): string | undefined {
  return address === 0 ? undefined : formatIpv4(address);
}

function addressOption(value: Cursor | undefined): string | undefined {
  return value?.left === 4 ? addressText(value.u32()) : undefined;
}

function byteOf(value: Cursor | undefined): number | undefined {
  return value?.left === 1 ? value.u8() : undefined;
}

function wordOf(value: Cursor | undefined): number | undefined {
  return value?.left === 4 ? value.u32() : undefined;
}

function textOption(value: Cursor | undefined): string | undefined {
  return value === undefined ? undefined : textOf(value.bytes, value.at, value.end).replace(/\0+$/, "");
}

/** The name of a client (RFC 4702): text, or labels with their lengths. */
function fullNameOf(value: Cursor | undefined): string | undefined {
  if (value === undefined || value.left < 3) return undefined;
  const isEncoded = (value.u8() & 4) !== 0;
  value.skip(2);
  if (!isEncoded) return textOf(value.bytes, value.at, value.end).replace(/\0+$/, "");
  const labels: string[] = [];
  while (value.left > 0) {
    const { bytes, at, end } = value.part(value.u8());
    if (end > at) labels.push(textOf(bytes, at, end));
  }
  return labels.join(".");
}
