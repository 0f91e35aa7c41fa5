import { parseIpv4Text } from "../../core/ip.ts";
import { encodeText } from "../../core/text.ts";
import { big16, big32, join, later } from "./content.ts";
import type { Turn } from "./talk.ts";

export type Lookup = {
  readonly id: number;
  readonly name: string;
  /** IPv4 addresses; the name does not exist when there are none. */
  readonly answers: readonly string[];
  readonly ttl: number;
};

/** A question for the addresses of a name and its answer (RFC 1035, 4.1). */
export function dnsTurns({ id, name, answers, ttl }: Lookup): Turn[] {
  const flags = answers.length === 0 ? 0x8183 : 0x8180;
  const asked = HEADER + name.length + 2 + 4;
  return [
    { side: 0, content: later(asked, () => join(header(id, 0x0100, 0), question(name))) },
    {
      side: 1,
      content: later(asked + RECORD * answers.length, () =>
        join(
          header(id, flags, answers.length),
          question(name),
          ...answers.map((address) => record(address, ttl)),
        ),
      ),
    },
  ];
}

const HEADER = 12;
const RECORD = 16;

const header = (id: number, flags: number, count: number) =>
  join(big16(id), big16(flags), big16(1), big16(count), [0, 0, 0, 0]);

function question(name: string): Uint8Array {
  const labels = name.split(".").map((label) => join([label.length], encodeText(label)));
  return join(...labels, [0], big16(1), big16(1));
}

/** An address of the name that was asked for, which is behind the header. */
function record(address: string, ttl: number): Uint8Array {
  return join([0xc0, HEADER], big16(1), big16(1), big32(ttl), big16(4), big32(parseIpv4Text(address)));
}
