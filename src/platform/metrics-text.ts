import type { ModelState } from "../api/status.ts";
import { LATENCY_BOUNDS, type SensorCounts, type StageCounts } from "../pipeline/metrics.ts";
import type { SourceCounts } from "../sources/source.ts";
import type { AlertCopyStats, ArchiveStats, SearchLoad } from "../storage/index/stats.ts";
import type { PacketStoreState } from "../storage/packets/contract.ts";
import { copyFamilies } from "./alert-copies-state.ts";
import { archiveFamilies } from "./archive-state.ts";
import { exposition, type Family, histogram, type Sample } from "./exposition.ts";
import { modelFamilies } from "./models/model-states.ts";
import { packetFamilies } from "./packet-state.ts";
import {
  type PartitionState,
  type PlatformState,
  partitionFamilies,
  platformFamilies,
} from "./reading-metrics.ts";

/** What the platform counts. Maps are by sensor, but for sources. */
export type Metrics = {
  readonly sensors: ReadonlyMap<string, SensorCounts>;
  /** Records accepted and not yet indexed. */
  readonly lag: ReadonlyMap<string, number>;
  /** Fields beyond the limit of columns. */
  readonly together: ReadonlyMap<string, number>;
  /** By `sensor/source`. */
  readonly sources: ReadonlyMap<string, SourceCounts>;
  readonly searches: SearchLoad;
  readonly packets: PacketStoreState;
  readonly partitions: readonly PartitionState[];
  readonly platform: PlatformState;
  /** Undefined where there are none. */
  readonly models?: readonly ModelState[] | undefined;
  /** Undefined where nothing is archived. */
  readonly archive?: ArchiveStats | undefined;
  /** Undefined where alerts are copied nowhere. */
  readonly alertCopies?: AlertCopyStats | undefined;
};

/** All that is counted, in Prometheus' text format. */
export function metricsText(metrics: Metrics): string {
  const { sensors, lag, together, sources, searches, packets, archive, partitions, platform } = metrics;
  const { alertCopies } = metrics;
  return exposition([
    ...platformFamilies(platform),
    ...sensorFamilies(sensors),
    {
      name: "metron_lag_records",
      type: "gauge",
      help: "Records accepted and not yet indexed.",
      samples: bySensor(lag, (records) => records),
    },
    ...partitionFamilies(partitions),
    {
      name: "metron_fields_together",
      type: "gauge",
      help: "Fields beyond the limit of columns, which are kept together.",
      samples: bySensor(together, (fields) => fields),
    },
    {
      name: "metron_latency_seconds",
      type: "histogram",
      help: "Time from arrival to searchable.",
      samples: [...sensors].flatMap(([sensor, { latency, latencySum }]) => {
        const bounds = LATENCY_BOUNDS.map((bound) => bound / 1000);
        return histogram({ sensor }, { bounds, counts: latency, sum: latencySum / 1000 });
      }),
    },
    ...sourceFamilies(sources),
    ...modelFamilies(metrics.models),
    ...searchFamilies(searches),
    ...packetFamilies(packets),
    ...archiveFamilies(archive),
    ...copyFamilies(alertCopies),
  ]);
}

function sensorFamilies(sensors: ReadonlyMap<string, SensorCounts>): Family[] {
  const counter = (name: string, help: string, value: (counts: SensorCounts) => number): Family => ({
    ...{ name, type: "counter", help },
    samples: bySensor(sensors, value),
  });
  const stage = (name: string, help: string, value: (counts: StageCounts) => number): Family => ({
    ...{ name, type: "counter", help },
    samples: [...sensors].flatMap(([sensor, { stages }]) =>
      Object.entries(stages).map(([stage, counts]) => ({ labels: { sensor, stage }, value: value(counts) })),
    ),
  });
  return [
    counter("metron_records_total", "Records read from the topic.", ({ records }) => records),
    counter("metron_messages_total", "Messages written to the index.", ({ messages }) => messages),
    counter("metron_alerts_total", "Messages that are alerts.", ({ alerts }) => alerts),
    counter(
      "metron_timeless_total",
      "Messages without a time of their own, which got that of their arrival.",
      ({ timeless }) => timeless,
    ),
    stage("metron_stage_in_total", "Messages that entered a stage.", (counts) => counts.in),
    stage("metron_stage_out_total", "Messages that left a stage.", ({ out }) => out),
    stage("metron_stage_rejected_total", "Messages or records a stage rejected.", ({ rejected }) => rejected),
    stage("metron_stage_seconds_total", "Time spent in a stage.", ({ nanoseconds }) => nanoseconds / 1e9),
  ];
}

function sourceFamilies(sources: ReadonlyMap<string, SourceCounts>): Family[] {
  const family = (
    name: string,
    type: Family["type"],
    help: string,
    value: (counts: SourceCounts) => number,
  ): Family => ({
    ...{ name, type, help },
    samples: [...sources].map(([id, counts]) => {
      const [sensor = "", source = ""] = id.split("/");
      return { labels: { sensor, source }, value: value(counts) };
    }),
  });
  return [
    family("metron_source_records_total", "counter", "Records a source delivered.", ({ records }) => records),
    family(
      "metron_source_dropped_total",
      "counter",
      "Records a source lost: they came faster than they could be stored, and their sender cannot wait, or somebody deleted them first.",
      ({ dropped }) => dropped,
    ),
    family(
      "metron_source_refused_total",
      "counter",
      "Records a source kept as errors: too long, or broken framing.",
      ({ refused }) => refused,
    ),
    family("metron_source_peers", "gauge", "Connections or files a source has open.", ({ peers }) => peers),
  ];
}

function searchFamilies({ running, waiting, limited, refused, abandoned }: SearchLoad): Family[] {
  return [
    {
      name: "metron_searches",
      type: "gauge",
      help: "Searches at work, and those that wait for a place.",
      samples: labelled("state", { running, waiting }),
    },
    {
      name: "metron_searches_ended_total",
      type: "counter",
      help: "Searches that ended without a whole answer.",
      samples: labelled("outcome", { limited, refused, abandoned }),
    },
  ];
}

function bySensor<Counts>(counts: ReadonlyMap<string, Counts>, value: (counts: Counts) => number): Sample[] {
  return [...counts].map(([sensor, own]) => ({ labels: { sensor }, value: value(own) }));
}

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
