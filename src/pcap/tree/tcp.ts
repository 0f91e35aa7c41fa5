import { checksum } from "./checksum.ts";
import {
  type Cursor,
  concluded,
  flags,
  group,
  left,
  malformed,
  need,
  number,
  parts,
  rest,
} from "./cursor.ts";
import { tcpPayload } from "./payload/guess.ts";
import { unit } from "./show.ts";
import { next, type Step } from "./step.ts";

const TCP = 6;

/** The transmission control protocol (RFC 9293). */
export const tcp: Step = {
  name: "tcp",
  label: "Transmission Control Protocol",
  read(cursor, around) {
    const start = cursor.at;
    const source = number(cursor, 2, "tcp.srcport", "Source port");
    const destination = number(cursor, 2, "tcp.dstport", "Destination port");
    around.isTcp = true;
    number(cursor, 4, "tcp.seq_raw", "Sequence number");
    number(cursor, 4, "tcp.ack_raw", "Acknowledgement number");
    parts(cursor, 1, [["tcp.hdr_len", "Header length", 0xf0, (words) => `${4 * words} bytes (${words})`]]);
    const header = (cursor.bytes[cursor.at]! >>> 4) * 4;
    cursor.fields.at(-1)!.value = header;
    flags(cursor, 2, "tcp.flags", "Flags", FLAGS, { whole: false, mask: 0x0fff });
    number(cursor, 2, "tcp.window_size_value", "Window");
    const { network } = around;
    checksum(cursor, "tcp.checksum", "Checksum", {
      start,
      end: cursor.wire,
      pseudo: network === undefined ? undefined : { network, protocol: TCP },
      isVerifiable: network?.isFragment === false && !around.isQuoted,
    });
    number(cursor, 2, "tcp.urgent_pointer", "Urgent pointer");
    if (header < 20) malformed(`says that its header has ${header} bytes; it has at least 20`);
    if (header > 20) options(cursor, start + header);
    concluded(
      { ...cursor, at: start },
      "tcp.len",
      "Payload length",
      Math.max(0, cursor.wire - cursor.at),
      `${cursor.wire - cursor.at} bytes`,
    );
    return around.isQuoted ? undefined : next(tcpPayload(cursor, source, destination), cursor);
  },
};

const FLAGS = [
  ["tcp.flags.res", "Reserved", 0x0e00],
  ["tcp.flags.ae", "Accurate ECN", 0x0100],
  ["tcp.flags.cwr", "CWR", 0x0080],
  ["tcp.flags.ece", "ECE", 0x0040],
  ["tcp.flags.urg", "URG", 0x0020],
  ["tcp.flags.ack", "ACK", 0x0010],
  ["tcp.flags.push", "PSH", 0x0008],
  ["tcp.flags.reset", "RST", 0x0004],
  ["tcp.flags.syn", "SYN", 0x0002],
  ["tcp.flags.fin", "FIN", 0x0001],
] as const;

const OPTIONS: Readonly<Record<number, readonly [name: string, label: string]>> = {
  0: ["tcp.options.eol", "End of options"],
  1: ["tcp.options.nop", "No operation"],
  2: ["tcp.options.mss", "Maximum segment size"],
  3: ["tcp.options.wscale", "Window scale"],
  4: ["tcp.options.sack_perm", "Selective acknowledgement permitted"],
  5: ["tcp.options.sack", "Selective acknowledgement"],
  8: ["tcp.options.timestamp", "Timestamps"],
  19: ["tcp.options.md5", "MD5 signature"],
  28: ["tcp.options.user_to", "User timeout"],
  34: ["tcp.options.tfo", "Fast open"],
};

function options(cursor: Cursor, end: number): void {
  need(cursor, end - cursor.at);
  group(cursor, ["tcp.options", "Options", `${end - cursor.at} bytes`], end, (inner) => {
    while (left(inner) > 0) {
      const kind = inner.bytes[inner.at]!;
      const length = kind < 2 ? 1 : (inner.bytes[inner.at + 1] ?? 0);
      if (length === 0 || (kind > 1 && length < 2))
        malformed(`an option at byte ${inner.at} has the length ${length}`);
      const [name, label] = OPTIONS[kind] ?? ["tcp.options.unknown", `Option ${kind}`];
      group(inner, [name, label], inner.at + length, (option) => content(option, kind));
    }
  });
}

function content(cursor: Cursor, kind: number): void {
  number(cursor, 1, "tcp.option_kind", "Kind");
  if (kind < 2) return;
  number(cursor, 1, "tcp.option_len", "Length", unit("bytes"));
  switch (kind) {
    case 2:
      number(cursor, 2, "tcp.options.mss_val", "Size", unit("bytes"));
      break;
    case 3:
      number(
        cursor,
        1,
        "tcp.options.wscale.shift",
        "Shift",
        (shift) => `${shift} (times ${2 ** Math.min(shift, 14)})`,
      );
      break;
    case 5:
      while (left(cursor) >= 8) {
        number(cursor, 4, "tcp.options.sack_le", "Left edge");
        number(cursor, 4, "tcp.options.sack_re", "Right edge");
      }
      break;
    case 8:
      number(cursor, 4, "tcp.options.timestamp.tsval", "Value");
      number(cursor, 4, "tcp.options.timestamp.tsecr", "Echo");
      break;
    default:
      rest(cursor, "tcp.options.unknown.payload", "Content");
  }
}
