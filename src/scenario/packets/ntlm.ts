import { encodeText } from "../../core/text.ts";
import { join, little16, little32, noise } from "./content.ts";

/** Unicode, NTLM, names of domain and target, and a session key of 128 bits (MS-NLMP, 2.2.2.5). */
const FLAGS = 0x2000_0000 | 0x0001_0000 | 0x1000 | 0x0200 | 0x0004 | 0x0001;

/** UTF-16 in little-endian order. */
export function wide(text: string): Uint8Array {
  return Uint8Array.from([...text].flatMap((letter) => little16(letter.codePointAt(0)!)));
}

/** The three messages of a log-on with NTLM (MS-NLMP, 2.2.1). The answer to the challenge is noise. */
export function ntlmMessages(domain: string, user: string, machine: string, seed: number): Uint8Array[] {
  const challenge = noise(8, seed ^ 0x81).make();
  return [
    message(1, [...little32(FLAGS)], [], 2),
    message(2, [...little32(FLAGS), ...challenge, ...new Uint8Array(8)], [wide(domain)], 1),
    message(
      3,
      [],
      [noise(24, seed ^ 0x82).make(), noise(24, seed ^ 0x83).make(), wide(domain), wide(user), wide(machine)],
      1,
    ),
  ];
}

const SIGNATURE = 8;
const FIELD = 8;

/** A message: its kind, `fields` (in the second message behind the first field, in the third at the end), and values behind all. */
function message(
  kind: 1 | 2 | 3,
  fields: readonly number[],
  values: readonly Uint8Array[],
  empty: number,
): Uint8Array {
  const tail = kind === 3 ? little32(FLAGS) : [];
  const fixed = SIGNATURE + 4 + fields.length + tail.length + FIELD * (values.length + empty);
  let offset = fixed;
  const places = values.map((value) => {
    const place = [...little16(value.length), ...little16(value.length), ...little32(offset)];
    offset += value.length;
    return place;
  });
  const nowhere = Array.from({ length: empty }, () => [0, 0, 0, 0, ...little32(fixed)]).flat();
  const head = join(encodeText("NTLMSSP\0"), little32(kind));
  if (kind === 1) return join(head, fields, nowhere);
  if (kind === 2) return join(head, places[0] ?? [], fields, nowhere, ...values);
  return join(head, places.flat(), nowhere, tail, ...values);
}
