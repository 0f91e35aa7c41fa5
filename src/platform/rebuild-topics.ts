import type { Kind } from "../config/kinds.ts";
import type { Change, ConfigStore, Version } from "../config/store.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import type { Index } from "../storage/index/contract.ts";
import type { TopicHandle } from "../storage/topic/contract.ts";
import type { FunctionSource } from "./functions.ts";
import type { Snapshot } from "./protocol.ts";
import type { Epoch, RebuildTopic } from "./rebuild-worker.ts";
import { ERROR_DOCUMENT } from "./refused-records.ts";

export type RebuildSources = {
  readonly config: ConfigStore;
  readonly index: Index;
  readonly handles: Readonly<Record<string, TopicHandle>>;
  /** The documents in force. */
  readonly snapshot: Snapshot;
  /** Where functions of users come from, had these documents been in force. */
  readonly functions: (changes: readonly Change[]) => FunctionSource[];
};

/** The topics of sensors, or all there are, up to where they are indexed, and the documents that were in force when. */
export async function rebuildTopics(
  sensors: readonly string[] | undefined,
  withCurrent: boolean,
  sources: RebuildSources,
): Promise<RebuildTopic[]> {
  const topics: RebuildTopic[] = [];
  for (const [sensor, handle] of Object.entries(sources.handles)) {
    if (sensors?.includes(sensor) === false) continue;
    const limits: number[] = [];
    for (let partition = 0; partition < handle.partitions; partition++)
      limits.push((await sources.index.sealedPosition(sensor, partition)) ?? 0);
    const present = { since: Number.NEGATIVE_INFINITY, snapshot: only(sources.snapshot, sensor) };
    topics.push({ sensor, handle, limits, epochs: withCurrent ? [present] : epochsOf(sensor, sources) });
  }
  return topics;
}

/** What is made again is not profiled again. */
const NONE = { version: 0, text: "" };

function only(snapshot: Snapshot, sensor: string): Snapshot {
  return { ...snapshot, sensors: snapshot.sensors.filter(({ name }) => name === sensor) };
}

/** What was in force when. Before the first version of a document, and while it was withdrawn, its nearest one is taken. */
function epochsOf(sensor: string, { config, functions, snapshot }: RebuildSources): Epoch[] {
  const documents: { kind: Kind; name: string; versions: readonly Version[] }[] = [
    { kind: "global", name: "global", versions: config.history("global", "global") },
    ...config.list("functions").map(({ name }) => ({
      ...{ kind: "functions" as const, name },
      versions: config.history("functions", name),
    })),
    ...(sensor === ERROR_SENSOR
      ? []
      : [{ kind: "sensor" as const, name: sensor, versions: config.history("sensor", sensor) }]),
  ];
  const times = [...new Set(documents.flatMap(({ versions }) => versions.map(({ at }) => at)))];
  const epochs: Epoch[] = [];
  for (const since of times.sort((one, other) => one - other)) {
    const then = documents.map(({ kind, name, versions }) => ({
      ...documentAt(versions, since),
      kind,
      name,
    }));
    const document = (kind: Kind) => {
      const { version = 0, text } = then.find((found) => found.kind === kind) ?? {};
      return { version, text: text ?? "" };
    };
    const own = sensor === ERROR_SENSOR ? { version: 0, text: ERROR_DOCUMENT } : document("sensor");
    try {
      const made = functions(then.filter(({ kind }) => kind !== "sensor"));
      const sensors = [{ name: sensor, ...own }];
      epochs.push({
        since,
        snapshot: { revision: 0, global: document("global"), sensors, functions: made, profiles: NONE },
      });
    } catch {
      // Files of functions that are gone: the thread says that it uses what is in force now.
      epochs.push({
        since,
        snapshot: { revision: 0, global: document("global"), sensors: [], functions: [], profiles: NONE },
      });
    }
  }
  return epochs.length > 0 ? epochs : [{ since: 0, snapshot: only(snapshot, sensor) }];
}

/** @param versions the newest first. */
function documentAt(
  versions: readonly Version[],
  time: number,
): { readonly version: number; readonly text: string | null } {
  const before = versions.find(({ at, text, kind }) => at <= time && (text !== null || kind === "functions"));
  if (before !== undefined) return before;
  const first = versions.findLast(({ text }) => text !== null);
  return first === undefined || first.kind === "functions" ? { version: 0, text: null } : first;
}
