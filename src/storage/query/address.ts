/**
 * Addresses as the search language needs them: is this text one, and which range is a network. Numbers are bigint,
 * so that both families compare alike.
 */
export type Address = { readonly family: 4 | 6; readonly value: bigint };

const MOST_OCTET = 255;

/** Reads an IPv4 or IPv6 address (RFC 4291 text forms, without a zone), or undefined when the text is none. */
export function parseAddress(text: string): Address | undefined {
  const value = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { family: text.includes(":") ? 6 : 4, value };
}

/** The first and the last address of a network, or undefined when the prefix is longer than the address. */
export function networkRange(address: Address, bits: number): { first: bigint; last: bigint } | undefined {
  const width = address.family === 4 ? 32 : 128;
  if (bits < 0 || bits > width) return undefined;
  const span = 1n << BigInt(width - bits);
  const first = address.value - (address.value % span);
  return { first, last: first + span - 1n };
}

function parseIpv4(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  let value = 0n;
  for (const octet of octets) {
    if (!/^\d{1,3}$/.test(octet) || Number(octet) > MOST_OCTET) return undefined;
    value = value * 256n + BigInt(octet);
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const left = groups(halves[0] as string);
  const right = halves.length === 2 ? groups(halves[1] as string) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...left, ...new Array<bigint>(halves.length === 2 ? missing : 0).fill(0n), ...right])
    value = (value << 16n) | group;
  return value;
}

/** The 16-bit groups of a colon-separated part; an IPv4 tail counts as two. */
function groups(part: string): bigint[] | undefined {
  if (part === "") return [];
  const found: bigint[] = [];
  const pieces = part.split(":");
  for (const [index, piece] of pieces.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(piece)) found.push(BigInt(`0x${piece}`));
    else {
      const tail = index === pieces.length - 1 ? parseIpv4(piece) : undefined;
      if (tail === undefined) return undefined;
      found.push(tail >> 16n, tail & 0xffffn);
    }
  }
  return found;
}
