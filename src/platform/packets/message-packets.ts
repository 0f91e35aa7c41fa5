import type { ResponseOf } from "../../api/endpoint.ts";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { messagePackets } from "../../api/packets.ts";
import { ipProtocolNumber } from "../../core/ip-protocol.ts";
import { readAddress } from "../../schema/address.ts";

type Answer = ResponseOf<typeof messagePackets>;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const LIMIT = 1_000_000;

/** How far the time of a message may be from that of the packets, by what wrote it. */
type Clock = { readonly slack: number; readonly why: string };

const OWN: Clock = { slack: MINUTE, why: "it tells the time of the packets themselves" };
const DEVICE: Clock = {
  slack: 5 * MINUTE,
  why: "a device tells the time by a clock of its own, in seconds, when it writes the message",
};
/** Sensors that see packets, by their parsers. */
const SEES_PACKETS: ReadonlySet<string> = new Set(["bro", "suricata", "snort", "yaf"]);

/** How long before and behind a message its conversation may have been, where the message does not tell. */
const LIFE = 10 * MINUTE;
/** The same where a Community ID finds no other conversation. */
const LIFE_BY_ID = 60 * MINUTE;

/**
 * The question that finds the packets of a message: by its Community ID, else by addresses, ports and protocol, else by addresses alone, in the
 * time that the sensor's clock allows.
 *
 * @param parser what the sensor's records are read by
 * @param oldest time of the oldest stored packet, epoch milliseconds
 */
export function packetsOfMessage(
  message: Readonly<Record<string, unknown>>,
  { parser, oldest }: { readonly parser: string | undefined; readonly oldest: number | undefined },
): Answer {
  const timestamp = Number(message.timestamp);
  const community = textOf(message.community_id);
  const [source, destination] = [addressOf(message.ip_src_addr), addressOf(message.ip_dst_addr)];
  if (
    !Number.isFinite(timestamp) ||
    (community === undefined && source === undefined && destination === undefined)
  )
    return { by: "nothing", notes: ["the message names no addresses and no Community ID"] };
  const [sourcePort, destinationPort] = [portOf(message.ip_src_port), portOf(message.ip_dst_port)];
  // Of Zeek, `protocol` is the type of the log.
  const protocol = protocolOf(message.proto) ?? protocolOf(message.protocol);
  const isTuple =
    source !== undefined &&
    destination !== undefined &&
    sourcePort !== undefined &&
    destinationPort !== undefined;
  const isFtp = source !== undefined && destination !== undefined && isOfFtp(message);
  const by = isFtp ? "addresses" : community !== undefined ? "community-id" : isTuple ? "tuple" : "addresses";

  const clock = parser !== undefined && SEES_PACKETS.has(parser) ? OWN : DEVICE;
  const duration = durationOf(message.duration);
  const life = by === "community-id" ? LIFE_BY_ID : LIFE;
  const span = Math.max(life, duration) + clock.slack;
  const [from, to] = [timestamp - span, timestamp + span];
  const filter: PacketQuestion["filter"] =
    by === "community-id"
      ? { search: `community_id:"${community}"` }
      : {
          fixed: {
            ...(source === undefined ? {} : { ip_src_addr: source }),
            ...(destination === undefined ? {} : { ip_dst_addr: destination }),
            ...(by === "tuple" ? { ip_src_port: sourcePort, ip_dst_port: destinationPort } : {}),
            ...((isTuple || isFtp) && protocol !== undefined ? { protocol } : {}),
            includes_reverse_traffic: true,
          },
        };
  return {
    by,
    question: { from, to, filter, limit: LIMIT },
    notes: [
      `${Math.round(span / MINUTE)} minutes before and behind the message are looked at: ${clock.why}`,
      ...(isFtp
        ? ["FTP moves files over connections of their own, so all that the two addresses said is looked at"]
        : []),
      ...(by === "addresses" && !isFtp
        ? ["the message has no ports, so other conversations of the same addresses are found too"]
        : []),
      ...(oldest !== undefined && oldest > to
        ? [
            `stored packets begin at ${new Date(oldest).toISOString()}: those of this message are not there any more`,
          ]
        : []),
    ],
  };
}

/** Whether a message is of a conversation of FTP, or of one of the connections that carry its files. Of Zeek, `protocol` is the type of the log. */
function isOfFtp({ protocol, service }: Readonly<Record<string, unknown>>): boolean {
  return [protocol, service].some((name) => name === "ftp" || name === "ftp-data");
}

/** A Community ID as all tools write it (version 1). */
const COMMUNITY_ID = /^1:[A-Za-z0-9+/]{27}=$/;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && COMMUNITY_ID.test(value) ? value : undefined;
}

function addressOf(value: unknown): string | undefined {
  return typeof value === "string" && readAddress(value) !== undefined ? value : undefined;
}

function portOf(value: unknown): number | undefined {
  const port = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

function protocolOf(value: unknown): number | undefined {
  return typeof value === "string" || typeof value === "number" ? ipProtocolNumber(String(value)) : undefined;
}

/** Most sensors tell seconds. A day is enough: longer conversations are read in parts. */
function durationOf(value: unknown): number {
  const seconds = Number(value);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 86_400) * SECOND : 0;
}
