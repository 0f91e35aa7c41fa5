import { type AddressValue, readAddress, readNetwork } from "../schema/address.ts";

/**
 * Addresses as the search language needs them: is this text one, and which range is a network. Numbers are bigint,
 * so that both families compare alike.
 */
export type Address = { readonly family: 4 | 6; readonly value: bigint };

/** Reads an address in any of its spellings, or undefined when the text is none. `::ffff:192.0.2.1` is an IPv4 one. */
export function parseAddress(text: string): Address | undefined {
  const address = readAddress(text);
  return address === undefined ? undefined : numbered(address);
}

/** The family, the first and the last address and the prefix of a network; undefined when it is none. */
export function networkRange(
  address: string,
  prefix: number,
): { family: 4 | 6; first: bigint; last: bigint; bits: number } | undefined {
  const network = readNetwork(`${address}/${prefix}`);
  if (network === undefined) return undefined;
  const { bits } = network;
  const { family, value } = numbered(network.address);
  return { family, first: value, last: value + (1n << BigInt((family === 4 ? 32 : 128) - bits)) - 1n, bits };
}

function numbered(address: AddressValue): Address {
  if (typeof address === "number") return { family: 4, value: BigInt(address) };
  return { family: 6, value: address.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n) };
}
