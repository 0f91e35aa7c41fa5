/**
 * A block of packets as columns: what readers of captures make, and what decoding, flows and the store read. Row `i` of every column is
 * packet `i`; columns may be longer than `count`. A block and its bytes belong to its maker and are only valid until the next one
 * is asked for, unless its maker says otherwise.
 */
export type Packets = {
  /** The frames, with anything between them. */
  bytes: Uint8Array;
  count: number;
  /** Where each frame begins in `bytes`. */
  starts: Uint32Array;
  /** How many bytes of each frame were captured. */
  captured: Uint32Array;
  /** How many bytes each frame had on the wire; at least `captured` unless the capture itself says otherwise. */
  original: Uint32Array;
  /** When each was captured: whole microseconds since 1970 (exact: less than 2^53). */
  micros: Float64Array;
  /** The nanoseconds beyond `micros`, 0 to 999. */
  nanos: Uint16Array;
  /** The interface of each packet, a place in `interfaces`. */
  interfaces: Uint16Array;
  /** Every interface that packets of this capture have named so far; it grows and never changes. */
  readonly seen: readonly CaptureInterface[];
};

/** Where packets were captured. */
export type CaptureInterface = {
  /** The kind of link, a LINKTYPE number (https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** Longest part of a packet that was to be captured, in bytes; 0 is no limit. */
  readonly snapLength: number;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** The filter packets had to pass. */
  readonly filter?: string | undefined;
  /** How many bytes at the end of each frame are its check sequence; not known when left out. */
  readonly fcsLength?: number | undefined;
};

/** Makes room for packets. */
export function emptyPackets(rows: number, seen: readonly CaptureInterface[]): Packets {
  return {
    bytes: new Uint8Array(0),
    count: 0,
    starts: new Uint32Array(rows),
    captured: new Uint32Array(rows),
    original: new Uint32Array(rows),
    micros: new Float64Array(rows),
    nanos: new Uint16Array(rows),
    interfaces: new Uint16Array(rows),
    seen,
  };
}

/** Copies bytes of a block, for what must keep them: `slice` of a Buffer, which blocks may have, is no copy. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
