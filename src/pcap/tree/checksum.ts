import { type Cursor, concluded, number, within } from "./cursor.ts";
import { hex } from "./show.ts";
import type { Network } from "./step.ts";

/** The states of a checksum, as Wireshark numbers them. */
const BAD = 0;
const GOOD = 1;
const UNVERIFIED = 2;
const ABSENT = 3;
const WORDS = ["Bad", "Good", "Unverified", "Not present"];

/** The sum that the Internet's checksums are made of (RFC 1071), added to `before`; folded to 16 bits. */
function sum16(bytes: Uint8Array, start: number, end: number, before = 0): number {
  let sum = before;
  for (let at = start; at < end; at += 2) sum += (bytes[at]! << 8) | (at + 1 < end ? bytes[at + 1]! : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return sum;
}

/** What a checksum covers: bytes, and the addresses around them where it covers these too. */
export type Covered = {
  readonly start: number;
  /** Where it ends; it cannot be verified when this is behind what was captured. */
  readonly end: number;
  readonly pseudo?: { readonly network: Network; readonly protocol: number } | undefined;
  /** Whether 0 says that there is none. */
  readonly mayBeLeftOut?: boolean;
  readonly isVerifiable?: boolean;
};

/** Reads a checksum of 16 bits and verifies it. */
export function checksum(cursor: Cursor, name: string, label: string, covered: Covered): void {
  const { at, bytes } = cursor;
  const written = number(cursor, 2, name, label, hex(4));
  const field = cursor.fields.at(-1)!;
  const { start, end, pseudo, mayBeLeftOut = false, isVerifiable = true } = covered;
  let state = UNVERIFIED;
  if (mayBeLeftOut && written === 0) {
    state = ABSENT;
    field.shown += " (there is none)";
  } else if (isVerifiable && end <= bytes.length) {
    const header = pseudo === undefined ? 0 : pseudoSum(pseudo.network, pseudo.protocol, end - start);
    const sum = sum16(bytes, start, end, header);
    state = sum === 0xffff ? GOOD : BAD;
    if (state === BAD) {
      const right = 0xffff - sum16(bytes, start, end, header + 0xffff - written);
      field.problem = `should be ${hex(4)(right)}`;
      // The system leaves the sum of the addresses for the card to go on with: the packet was captured before it left.
      if (pseudo !== undefined && written === header)
        field.problem +=
          "; it is the part that the system leaves to the network card, so this was captured at the sender";
      else if (pseudo !== undefined && written === 0)
        field.problem += "; 0 where the network card of the sender fills it in";
    }
  }
  concluded({ ...within(cursor), at }, `${name}.status`, "State", state, WORDS[state]);
}

/** The sum of the pseudo header (RFC 9293, RFC 8200): addresses, protocol and length. */
function pseudoSum({ addresses }: Network, protocol: number, length: number): number {
  return sum16(addresses, 0, addresses.length, protocol + (length >>> 16) + (length & 0xffff));
}
