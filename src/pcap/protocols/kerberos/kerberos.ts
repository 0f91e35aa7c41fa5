/** Kerberos 5 (RFC 4120) over UDP and TCP, as Zeek's kerberos.log tells it: one record per request with its answer. */

import { type Der, derAt, derField, derInteger, derValues } from "../../der.ts";
import { frames } from "../frames.ts";
import type { DatagramProtocol, FlowContext, StreamProtocol } from "../protocol.ts";
import { textOf } from "../text.ts";
import { cipherName, errorName } from "./names.ts";

const PORT = 88;
const LONGEST = 65_536;
/** Tags of the messages (RFC 4120, 5.10), as numbers of applications that are constructed. */
const MESSAGE = { asRequest: 0x6a, asReply: 0x6b, tgsRequest: 0x6c, tgsReply: 0x6d, error: 0x7e } as const;
const MESSAGES: ReadonlySet<number> = new Set(Object.values(MESSAGE));
const MOST_PENDING = 32;

type Request = {
  readonly micros: number;
  readonly kind: "AS" | "TGS";
  readonly client: string | undefined;
  readonly service: string | undefined;
  readonly till: number | undefined;
  readonly forwardable: boolean;
  readonly renewable: boolean;
};

export const kerberosDatagrams: DatagramProtocol = {
  tells: (bytes, start, end, ports) =>
    ports.includes(PORT) && MESSAGES.has(derAt(bytes, start, end)?.tag ?? 0),
  open(flow) {
    const reader = openKerberos(flow);
    return { data: (_side, bytes, start, end) => reader.message(bytes, start, end), end: reader.end };
  },
};

export const kerberosStream: StreamProtocol = {
  tells({ heads, ports }) {
    if (!ports.includes(PORT)) return false;
    const [head] = heads.toSorted((one, other) => other.length - one.length);
    if (head === undefined || head.length < 5) return undefined;
    return head[0] === 0 && MESSAGES.has(head[4]!);
  },
  open(flow) {
    const reader = openKerberos(flow);
    const open = () => frames({ prefix: 4, longest: LONGEST, frame: reader.message });
    const sides = [open(), open()] as const;
    return {
      data: (side, bytes, start, end) => sides[side].data(bytes, start, end),
      gap: (side, length) => sides[side].gap(length),
      end: reader.end,
      held: () => sides[0].held() + sides[1].held(),
    };
  },
};

function openKerberos(flow: FlowContext) {
  const pending: Request[] = [];

  const write = (request: Request | undefined, answer: Der | undefined, tag: number) => {
    flow.speaks("krb");
    const isError = tag === MESSAGE.error;
    const code = isError ? derInteger(derField(answer, 6)) : undefined;
    const ticket = answer !== undefined && !isError ? derField(answer, 5) : undefined;
    const sealed = ticket && derField(inner(ticket), 3);
    const isReply = answer !== undefined;
    const client = request?.client ?? principal(answer, isError ? 8 : 4, isError ? 7 : 3);
    const service = request?.service ?? (isError ? principal(answer, 10, undefined) : ticketService(ticket));
    flow.write("kerberos", request?.micros ?? flow.now(), {
      request_type: request?.kind ?? (isError ? undefined : tag === MESSAGE.asReply ? "AS" : "TGS"),
      client,
      service,
      success: isReply ? !isError : undefined,
      error_code: code,
      error_msg: code === undefined ? undefined : errorName(code),
      till: request?.till,
      cipher: cipherName(derInteger(derField(sealed, 0))),
      forwardable: request?.forwardable,
      renewable: request?.renewable,
    });
  };

  return {
    message(bytes: Uint8Array, start: number, end: number) {
      const message = derAt(bytes, start, end);
      if (message === undefined || !MESSAGES.has(message.tag)) return;
      const body = inner(message);
      const { tag } = message;
      if (tag === MESSAGE.asRequest || tag === MESSAGE.tgsRequest) {
        if (pending.length >= MOST_PENDING) write(pending.shift(), undefined, 0);
        pending.push(requestOf(flow.now(), tag, body));
        return;
      }
      write(pending.shift(), body, tag);
    },
    end() {
      for (const request of pending.splice(0)) write(request, undefined, 0);
    },
  };
}

/** The sequence in a message or a ticket, which are tags around one. */
function inner(value: Der): Der | undefined {
  return derAt(value.bytes, value.start, value.end);
}

function requestOf(micros: number, tag: number, request: Der | undefined): Request {
  const body = derField(request, 4);
  const options = derField(body, 0);
  const flags = options && options.end > options.start + 1 ? options.bytes[options.start + 1]! : 0;
  return {
    micros,
    kind: tag === MESSAGE.asRequest ? "AS" : "TGS",
    client: principal(body, 1, 2),
    service: principal(body, 3, undefined),
    till: timeOf(derField(body, 5)),
    forwardable: (flags & 0x40) !== 0,
    renewable:
      options !== undefined &&
      options.end > options.start + 2 &&
      (options.bytes[options.start + 2]! & 0x80) !== 0,
  };
}

/** A name with its realm, as `name/REALM`; services have their parts as `krbtgt/REALM`. */
function principal(sequence: Der | undefined, name: number, realm: number | undefined): string | undefined {
  const parts = derField(derField(sequence, name), 1);
  if (parts === undefined) return undefined;
  const words = derValues(parts).map(({ bytes, start, end }) => textOf(bytes, start, end));
  const home = realm === undefined ? undefined : derField(sequence, realm);
  if (home !== undefined) words.push(textOf(home.bytes, home.start, home.end));
  return words.join("/");
}

function ticketService(ticket: Der | undefined): string | undefined {
  return ticket && principal(inner(ticket), 2, undefined);
}

/** `20370913024805Z` as seconds since 1970. */
function timeOf(value: Der | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = textOf(value.bytes, value.start, value.end);
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
