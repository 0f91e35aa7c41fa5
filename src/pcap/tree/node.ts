/**
 * A packet as a tree for people: layers from the outside in, each with its fields and the bytes they have. Names are those of Wireshark
 * where it has the field, so that what people know and what they search for stay the same.
 */
export type PacketTree = {
  readonly layers: readonly Layer[];
  /** What was left out or cut, a sentence each; mostly empty. */
  readonly notes: readonly string[];
};

/** A protocol: `start` to `end` are its header and what of it the capture has, counted from the first byte of the packet. */
export type Layer = {
  readonly name: string;
  label: string;
  readonly start: number;
  end: number;
  readonly fields: Field[];
  /** Where and why it could not be read to its end. */
  problem?: string;
};

/** A value within a layer, or a group of fields. */
export type Field = {
  /** As Wireshark has it: `tcp.flags.syn`. */
  readonly name: string;
  readonly label: string;
  /** What a search compares: numbers as numbers, of 64 bits as decimal text, addresses and bytes as text. Groups have none. */
  value?: number | string;
  /** What people read. */
  shown: string;
  readonly start: number;
  /** The same as `start` for what is concluded and not written there. */
  end: number;
  /** Of a field that has not all the bits of its bytes: its first bit, counted from the most significant one at `start`, and their number. */
  readonly bits?: { readonly first: number; readonly count: number };
  fields?: Field[];
  problem?: string;
};
