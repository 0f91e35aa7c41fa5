/** A connection as every format tells of it. Times in epoch milliseconds, duration in seconds. */
export type Flow = {
  readonly uid: string;
  readonly time: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly target: string;
  readonly targetPort: number;
  readonly protocol: "tcp" | "udp";
  readonly service: string | undefined;
  readonly duration: number;
  readonly sent: number;
  readonly received: number;
  /** Zeek's conn_state. */
  readonly state: "SF" | "S0" | "REJ" | "S1" | "RSTO";
  /** What is known of its packets. */
  readonly counts?: Counts;
};

/** What a sensor counts of a conversation, as Zeek's conn.log does. */
export type Counts = {
  /** Seconds from the first packet to the last. */
  readonly duration: number;
  readonly bytes: readonly [number, number];
  readonly packets: readonly [number, number];
  /** With the headers of IP. */
  readonly ipBytes: readonly [number, number];
  readonly history: string;
};
