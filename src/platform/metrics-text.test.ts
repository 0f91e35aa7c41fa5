import { expect, test } from "vitest";
import { addLatency, emptyCounts, type SensorCounts } from "../pipeline/metrics.ts";
import { metricsText } from "./metrics-text.ts";

test("what Prometheus reads: each family once with its type, counters by sensor and stage, buckets that add up", () => {
  const counts: SensorCounts = {
    ...emptyCounts(),
    ...{
      records: 10,
      messages: 8,
      alerts: 3,
      timeless: 1,
      stages: { parse: { in: 10, out: 8, rejected: 2, nanoseconds: 5 } },
    },
  };
  for (const milliseconds of [5, 7, 7, 90_000]) addLatency(counts, milliseconds, 1);
  const lines = metricsText({
    sensors: new Map([["web", counts]]),
    lag: new Map([["web", 4]]),
    together: new Map([["web", 9]]),
    sources: new Map([["web/syslog", { records: 6, bytes: 60, refused: 7, dropped: 8, peers: 9 }]]),
    searches: { running: 1, waiting: 2, refused: 3, limited: 4, abandoned: 5, isSaturated: false },
    packets: {
      ...{ packets: 11, segments: 2, bytes: 12, limit: 13, indexBytes: 14, indexedBytes: 10 },
      ...{ oldest: 1_700_000_000_000_000, newest: 1_700_000_001_000_000, bytesPerSecond: 1, days: 2 },
      dropped: { segments: 1, packets: 15, bytes: 16 },
    },
  })
    .trimEnd()
    .split("\n");
  const families = lines.flatMap((line) => /^# TYPE (\S+ \S+)$/.exec(line)?.[1] ?? []);
  expect(families).toEqual([
    "metron_records_total counter",
    "metron_messages_total counter",
    "metron_alerts_total counter",
    "metron_timeless_total counter",
    "metron_stage_in_total counter",
    "metron_stage_out_total counter",
    "metron_stage_rejected_total counter",
    "metron_stage_seconds_total counter",
    "metron_lag_records gauge",
    "metron_fields_together gauge",
    "metron_latency_seconds histogram",
    "metron_source_records_total counter",
    "metron_source_dropped_total counter",
    "metron_source_refused_total counter",
    "metron_source_peers gauge",
    "metron_searches gauge",
    "metron_searches_ended_total counter",
    "metron_packets gauge",
    "metron_packets_bytes gauge",
    "metron_packets_limit_bytes gauge",
    "metron_packets_index_bytes gauge",
    "metron_packets_oldest_timestamp_seconds gauge",
    "metron_packets_dropped_total counter",
    "metron_packets_dropped_bytes_total counter",
  ]);
  expect(lines.filter((line) => line.startsWith("# HELP "))).toHaveLength(families.length);
  expect(lines.filter((line) => !line.startsWith("#"))).toEqual([
    'metron_records_total{sensor="web"} 10',
    'metron_messages_total{sensor="web"} 8',
    'metron_alerts_total{sensor="web"} 3',
    'metron_timeless_total{sensor="web"} 1',
    'metron_stage_in_total{sensor="web",stage="parse"} 10',
    'metron_stage_out_total{sensor="web",stage="parse"} 8',
    'metron_stage_rejected_total{sensor="web",stage="parse"} 2',
    'metron_stage_seconds_total{sensor="web",stage="parse"} 5e-9',
    'metron_lag_records{sensor="web"} 4',
    'metron_fields_together{sensor="web"} 9',
    ...[
      ["0.005", 1],
      ["0.01", 3],
      ["0.025", 3],
      ["0.05", 3],
      ["0.1", 3],
      ["0.25", 3],
      ["0.5", 3],
      ["1", 3],
      ["2.5", 3],
      ["5", 3],
      ["10", 3],
      ["60", 3],
      ["+Inf", 4],
    ].map(([bound, seen]) => `metron_latency_seconds_bucket{sensor="web",le="${bound}"} ${seen}`),
    'metron_latency_seconds_sum{sensor="web"} 90.019',
    'metron_latency_seconds_count{sensor="web"} 4',
    'metron_source_records_total{sensor="web",source="syslog"} 6',
    'metron_source_dropped_total{sensor="web",source="syslog"} 8',
    'metron_source_refused_total{sensor="web",source="syslog"} 7',
    'metron_source_peers{sensor="web",source="syslog"} 9',
    'metron_searches{state="running"} 1',
    'metron_searches{state="waiting"} 2',
    'metron_searches_ended_total{outcome="limited"} 4',
    'metron_searches_ended_total{outcome="refused"} 3',
    'metron_searches_ended_total{outcome="abandoned"} 5',
    "metron_packets 11",
    "metron_packets_bytes 12",
    "metron_packets_limit_bytes 13",
    "metron_packets_index_bytes 14",
    "metron_packets_oldest_timestamp_seconds 1700000000",
    "metron_packets_dropped_total 15",
    "metron_packets_dropped_bytes_total 16",
  ]);
});
