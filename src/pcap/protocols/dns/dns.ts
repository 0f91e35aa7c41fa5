/** DNS over UDP and TCP, mDNS, LLMNR and the names of NetBIOS, as Zeek's dns.log tells them. */
import type { Side } from "../../reassembly/segment.ts";
import { frames } from "../frames.ts";
import type { DatagramProtocol, FlowContext, StreamProtocol } from "../protocol.ts";
import { type DnsMessage, readDns } from "./message.ts";
import { className, codeName, typeName } from "./names.ts";

const PORTS: ReadonlySet<number> = new Set([53, 137, 5353, 5355]);
const NETBIOS = 137;
/** Questions of a flow that wait for their answers; the oldest is written for a new one. */
const MOST_PENDING = 64;
/** Longest message over TCP that is kept. */
const LONGEST = 65_535;
const HEADER = 12;

export const dnsDatagrams: DatagramProtocol = {
  tells: (bytes, start, end, ports) => ports.some((port) => PORTS.has(port)) && isDns(bytes, start, end),
  open(flow) {
    const reader = openDns(flow);
    return { data: (_side, bytes, start, end) => reader.message(bytes, start, end), end: reader.end };
  },
};

export const dnsStream: StreamProtocol = {
  tells({ heads, ports }) {
    if (!ports.includes(53)) return false;
    const [head] = heads.toSorted((one, other) => other.length - one.length);
    if (head === undefined || head.length < 2 + HEADER) return undefined;
    return isDns(head, 2, Math.max(head.length, 2 + HEADER));
  },
  open(flow) {
    const reader = openDns(flow);
    const open = () => frames({ prefix: 2, longest: LONGEST, frame: reader.message });
    const sides = [open(), open()] as const;
    return {
      data: (side: Side, bytes, start, end) => sides[side].data(bytes, start, end),
      gap: (side: Side, length) => sides[side].gap(length),
      end: reader.end,
      held: () => sides[0].held() + sides[1].held(),
    };
  },
};

/** Whether a header makes sense: a known kind of query, and no more records than fit. */
function isDns(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < HEADER) return false;
  const opcode = (bytes[start + 2]! >> 3) & 15;
  const questions = (bytes[start + 4]! << 8) | bytes[start + 5]!;
  return opcode <= 8 && questions <= 64;
}

type Pending = { readonly micros: number; readonly message: DnsMessage };

function openDns(flow: FlowContext) {
  /** Questions without an answer, by number, type and name, in the order of their coming. */
  const pending = new Map<string, Pending>();
  const isNetbios = flow.ports.includes(NETBIOS);
  const nameOf = (name: string) => (isNetbios ? netbiosName(name) : name);

  const write = (asked: Pending | undefined, answer: DnsMessage | undefined) => {
    const message = answer ?? asked?.message;
    if (message === undefined) return;
    const question = asked?.message.question ?? answer?.question;
    flow.speaks("dns");
    const { AA, TC, RA } = message.flags;
    flow.write("dns", asked?.micros ?? flow.now(), {
      proto: flow.transport,
      trans_id: message.id,
      rtt:
        asked === undefined || answer === undefined
          ? undefined
          : Math.max(0, flow.now() - asked.micros) / 1e6,
      query: question && nameOf(question.name),
      qclass: question?.class,
      qclass_name: question && className(question.class),
      qtype: question?.type,
      qtype_name: question && typeName(question.type),
      rcode: answer?.code,
      rcode_name: answer && codeName(answer.code),
      AA,
      TC,
      RD: asked?.message.flags.RD ?? message.flags.RD,
      RA,
      Z: message.reserved,
      answers: message.answers.length > 0 ? message.answers.map(nameOf) : undefined,
      TTLs: message.ttls.length > 0 ? message.ttls : undefined,
      rejected: answer?.isBare ?? false,
    });
  };

  return {
    message(bytes: Uint8Array, start: number, end: number) {
      const message = readDns(bytes, start, end);
      if (message === undefined) return;
      const { question } = message;
      const key = `${message.id} ${question?.type} ${question?.name}`;
      const asked = pending.get(key);
      if (message.isResponse) {
        pending.delete(key);
        write(asked, message);
        return;
      }
      // A question that comes again is the same one.
      if (asked !== undefined) return;
      const [oldest] = pending;
      if (oldest !== undefined && pending.size >= MOST_PENDING) {
        pending.delete(oldest[0]);
        write(oldest[1], undefined);
      }
      pending.set(key, { micros: flow.now(), message });
    },
    end() {
      for (const asked of pending.values()) write(asked, undefined);
      pending.clear();
    },
  };
}

/** The name that 32 letters from `a` to `p` spell, two per byte (RFC 1001, 14.1); without spaces and the kind of service at its end. */
function netbiosName(name: string): string {
  const [first = ""] = name.split(".", 1);
  if (!/^[a-p]{32}$/.test(first)) return name;
  let decoded = "";
  for (let at = 0; at < 30; at += 2)
    decoded += String.fromCharCode((first.charCodeAt(at) - 97) * 16 + first.charCodeAt(at + 1) - 97);
  return decoded.replace(/[ \0]+$/, "").toLowerCase();
}
