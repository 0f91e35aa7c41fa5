import type { Family } from "./exposition.ts";

/** How far a partition of a topic is, and who reads it. */
export type PartitionState = {
  readonly sensor: string;
  readonly partition: number;
  /** Offset that the next record will get. */
  readonly end: number;
  /** Offset of the first record that the index has not got yet. */
  readonly indexed: number;
  /** The worker that reads it, and since when in epoch milliseconds; undefined while no worker does. */
  readonly owner?: { readonly worker: string; readonly since: number } | undefined;
};

/** The platform as a whole, for rules that do not look at sensors. */
export type PlatformState = {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly ready: boolean;
  /** Codes of what the status lists as wrong, one per problem. */
  readonly problems: readonly string[];
  /** When what is told of the index was so, epoch milliseconds, if not now; null where it never told anything. */
  readonly asOf?: number | null | undefined;
  /** Times that a worker thread died and was started again. */
  readonly restarts: number;
  /** Bytes; undefined where the file system does not tell. */
  readonly disk: { readonly size: number; readonly free: number } | undefined;
};

/** Lag and ownership, by sensor and partition. */
export function partitionFamilies(partitions: readonly PartitionState[]): Family[] {
  const gauge = (name: string, help: string, value: (state: PartitionState) => number): Family => ({
    ...{ name, type: "gauge", help },
    samples: partitions.map((state) => ({ labels: labelsOf(state), value: value(state) })),
  });
  return [
    gauge(
      "metron_partition_end_offset",
      "Offset that the next record of a partition gets.",
      ({ end }) => end,
    ),
    gauge(
      "metron_partition_indexed_offset",
      "Offset of the first record of a partition that is not indexed yet.",
      ({ indexed }) => indexed,
    ),
    gauge("metron_partition_lag_records", "Records of a partition that are not indexed yet.", (state) =>
      Math.max(0, state.end - state.indexed),
    ),
    {
      name: "metron_partition_owner_since_timestamp_seconds",
      type: "gauge",
      help: "Since when a worker reads a partition; a partition that no worker reads has no such number.",
      samples: partitions.flatMap(({ owner, ...state }) =>
        owner === undefined
          ? []
          : [{ labels: { ...labelsOf(state), worker: owner.worker }, value: owner.since / 1000 }],
      ),
    },
  ];
}

/** The platform's own state. */
export function platformFamilies(state: PlatformState): Family[] {
  const { version, startedAt, ready, problems, restarts, disk, asOf } = state;
  const one = (name: string, type: Family["type"], help: string, value: number | undefined): Family => ({
    ...{ name, type, help },
    samples: value === undefined ? [] : [{ labels: {}, value }],
  });
  const byCode = Map.groupBy(problems, (code) => code);
  return [
    {
      name: "metron_build_info",
      type: "gauge",
      help: "1, with the version that runs.",
      samples: [{ labels: { version }, value: 1 }],
    },
    one("metron_start_timestamp_seconds", "gauge", "When the platform started.", startedAt / 1000),
    one("metron_ready", "gauge", "1 when /health/ready says so, else 0.", ready ? 1 : 0),
    {
      name: "metron_problems",
      type: "gauge",
      help: "What the status lists as wrong, by the code of the fault.",
      samples: [...byCode].map(([code, all]) => ({ labels: { code }, value: all.length })),
    },
    one(
      "metron_index_as_of_timestamp_seconds",
      "gauge",
      "When what is told of the index was so, where that is not now, as it does not answer; there is no such number while it does.",
      typeof asOf === "number" ? asOf / 1000 : undefined,
    ),
    one("metron_worker_restarts_total", "counter", "Workers that died and were started again.", restarts),
    one("metron_disk_bytes", "gauge", "Bytes of the file system that holds the data folder.", disk?.size),
    one("metron_disk_free_bytes", "gauge", "Bytes of it that may still be written.", disk?.free),
  ];
}

function labelsOf({ sensor, partition }: Pick<PartitionState, "sensor" | "partition">) {
  return { sensor, partition: String(partition) };
}
