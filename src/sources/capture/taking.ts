/**
 * How a source hands captures over. It says where packets come from; the platform reads them in a thread of their own, stores them and makes
 * records of their flows.
 */

/** Where packets come from. */
export type CaptureInput =
  /** A capture that comes in chunks. It is read as fast as its packets are stored. */
  | { readonly kind: "stream"; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: "file"; readonly path: string }
  /** A topic of packets, as a capture that goes on until it is stopped. It is read as fast as its packets are stored. */
  | { readonly kind: "topic"; readonly bytes: AsyncIterable<Uint8Array> }
  /** An interface of this machine, until the capture is stopped. */
  | { readonly kind: "interface"; readonly interface: string };

/** What of a capture is kept. */
export type CaptureChoice = {
  /** Only packets that pass this filter of tcpdump's language. */
  readonly filter?: string | undefined;
  /** So many bytes of each packet; all when left out. */
  readonly snapLength?: number | undefined;
  /** So many bytes of payload of each flow and direction; headers and counts go on. All when left out. */
  readonly cutoff?: number | undefined;
  /** Whether only packets are kept, and no records of flows made: where Zeek or the like tells of the same packets. */
  readonly packetsOnly?: boolean | undefined;
};

/** How far a capture was taken, durably. */
export type CaptureProgress = {
  /** Packets of the input that are dealt with. */
  readonly packets: number;
  /** Records of flows that were delivered. */
  readonly records: number;
};

/**
 * How far an earlier run came with the same file. Its flows were in memory, so they are made again of the packets from `base` on; the first
 * `records` of their records are not delivered a second time, nor are packets stored twice.
 */
export type CaptureStart = CaptureProgress & { readonly base: number };

export type CaptureRequest = CaptureChoice & {
  /** What the capture is called: a path, an interface. */
  readonly name: string;
  readonly input: CaptureInput;
  /** Bytes of the input, where that is known. */
  readonly size?: number | undefined;
  /** Who or what brings it. */
  readonly by: string;
  /** What is there already. */
  readonly after?: CaptureStart | undefined;
  /** Told now and then how far it is. What it tells is durable. */
  readonly onProgress?: ((progress: CaptureProgress) => void) | undefined;
};

/** What became of packets so far. */
export type CaptureCounts = CaptureProgress & {
  /** Bytes of packets. */
  readonly bytes: number;
  /** Packets that could not be read. */
  readonly unreadable: number;
  /** Packets that were lost because they came faster than they could be taken or stored. */
  readonly dropped: number;
  /** Why it waits, such as an interface that is gone. */
  readonly problem: string | undefined;
};

/** A capture that is being taken. */
export type RunningCapture = {
  counts(): CaptureCounts;
  /**
   * Resolves when all that was read is stored and delivered, also when the input broke off or was stopped: `error` then says why. Rejects
   * with the fault that kept it from being read at all.
   */
  readonly done: Promise<{ readonly error?: string | undefined }>;
  /** Resolves when an interface is listened on; rejects as `done` does. */
  readonly begun: Promise<void>;
  /** Ends it; what was read so far is stored and delivered. */
  stop(): void;
};

export type TakeCapture = (request: CaptureRequest) => RunningCapture;
