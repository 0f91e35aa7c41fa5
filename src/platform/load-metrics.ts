import type { SourceCounts } from "../sources/source.ts";
import type { SearchLoad } from "../storage/index/contract.ts";

/** What sources took, refused and lost, and how busy searches are, in Prometheus' text format (version 0.0.4). */
export function loadText(sources: ReadonlyMap<string, SourceCounts>, searches: SearchLoad): string {
  const family = (name: string, type: string, help: string, samples: readonly string[]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => name + sample), ""].join(
      "\n",
    );
  const each = (value: (counts: SourceCounts) => number) =>
    [...sources].map(([id, counts]) => {
      const [sensor, source] = id.split("/");
      return `{sensor="${sensor}",source="${source}"} ${value(counts)}`;
    });
  const { running, waiting, limited, refused, abandoned } = searches;
  return [
    family(
      "metron_source_records_total",
      "counter",
      "Records a source delivered.",
      each(({ records }) => records),
    ),
    family(
      "metron_source_dropped_total",
      "counter",
      "Records a source threw away: they came faster than they could be stored, and their sender cannot wait.",
      each(({ dropped }) => dropped),
    ),
    family(
      "metron_source_refused_total",
      "counter",
      "Records a source kept as errors: too long, or broken framing.",
      each(({ refused }) => refused),
    ),
    family(
      "metron_source_peers",
      "gauge",
      "Connections or files a source has open.",
      each(({ peers }) => peers),
    ),
    family("metron_searches", "gauge", "Searches at work, and those that wait for a place.", [
      `{state="running"} ${running}`,
      `{state="waiting"} ${waiting}`,
    ]),
    family("metron_searches_ended_total", "counter", "Searches that ended without a whole answer.", [
      `{outcome="limited"} ${limited}`,
      `{outcome="refused"} ${refused}`,
      `{outcome="abandoned"} ${abandoned}`,
    ]),
  ].join("");
}
