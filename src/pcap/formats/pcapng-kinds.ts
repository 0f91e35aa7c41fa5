/** The types of pcapng blocks that are read (draft-ietf-opsawg-pcapng); the first is the same in both byte orders. */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  packetObsolete: 2,
  packetSimple: 3,
  names: 4,
  statistics: 5,
  packet: 6,
  secrets: 10,
} as const;

/** The number in the header of a section that tells its byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Bytes of a packet block beside the packet and its options. */
export const PACKET_OVERHEAD = 32;

/** The fewest bytes of the blocks that are read: their fixed parts, with type and both lengths. */
export const SMALLEST: ReadonlyMap<number, number> = new Map([
  [BLOCK.section, 28],
  [BLOCK.interface, 20],
  [BLOCK.packetObsolete, 32],
  [BLOCK.packetSimple, 16],
  [BLOCK.names, 12],
  [BLOCK.statistics, 24],
  [BLOCK.packet, PACKET_OVERHEAD],
  [BLOCK.secrets, 20],
]);

const OTHER_KINDS: ReadonlyMap<number, string> = new Map([
  [7, "IRIG timestamp"],
  [8, "ARINC 429"],
  [9, "systemd journal"],
  [0x0bad, "custom"],
  [0x40000bad, "custom"],
]);

/** The name that reports give to a kind of block that is not read. */
export function kindOf(type: number): string {
  return OTHER_KINDS.get(type) ?? `type 0x${type.toString(16).padStart(8, "0")}`;
}
