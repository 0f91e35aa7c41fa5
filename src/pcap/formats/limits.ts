/** A block of packets is handed over when it has this many packets or bytes. */
export const FULL = { rows: 8192, bytes: 1_048_576 } as const;

/** How many interfaces of a capture are told apart: rows name them in 16 bits, and each has texts that stay in memory. */
export const MAX_INTERFACES = 4096;

/** What a packet may have where the kind of link does not say otherwise: the longest that tcpdump and Wireshark write or read. */
const USUAL_PACKET = 262_144;
const MEGABYTE = 1_048_576;

/** Links whose packets are transfers or messages rather than frames, with the limits of libpcap (pcap-common.c, `max_snaplen_for_dlt`). */
const LONG_PACKETS = new Map([
  [189, 128 * MEGABYTE], // USB as Linux captures it
  [220, 128 * MEGABYTE], // the same, with padding
  [231, 128 * MEGABYTE], // D-Bus
  [249, 128 * MEGABYTE], // USBPcap
  [279, 8 * MEGABYTE], // EBHSCR
]);

/**
 * The longest packet that is believed, in bytes. What a header says of the snap length cannot be the limit: it is often 0 or 4 GB, and
 * some programs write longer packets all the same.
 */
export function longestPacket(linkType: number): number {
  return LONG_PACKETS.get(linkType) ?? USUAL_PACKET;
}

/**
 * The longest block of pcapng that is read whole, in bytes: names and secrets are long, and with each packet come its notes. Blocks are
 * marked by their lengths, so that a longer one can be passed over.
 */
export const BLOCK_LIMIT = { usual: 16 * MEGABYTE, besidePacket: MEGABYTE } as const;
