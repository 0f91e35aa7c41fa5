/** The time range of a capture's packets, a second wider on both sides, as the address of the page has it; undefined without packets. */
export function captureRange({ first, last }: { first?: number | undefined; last?: number | undefined }) {
  if (first === undefined || last === undefined) return undefined;
  return `${new Date(first - 1000).toISOString()}..${new Date(last + 1000).toISOString()}`;
}

/** The search for the flows of captures. */
export const FLOWS_OF_CAPTURES = "source.type:pcap";
