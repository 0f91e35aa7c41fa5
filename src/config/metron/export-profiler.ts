import type { Profiles, StreamedProfile } from "../../profiles/definition.ts";

type Json = Record<string, unknown>;

const SECOND = 1000;
const DAY = 86_400_000;

/** Profiles as Metron's `profiler.json` and the `profiler.properties` beside it: what `importProfiler` would read back. */
export function exportProfiler({ settings, profiles }: Profiles): { profiler: Json; properties: string } {
  const { timestampField, period, lateness, ttl } = settings;
  const seconds = (name: string, millis: number) => `${name}=${millis / SECOND}\n${name}.units=SECONDS\n`;
  return {
    profiler: {
      profiles: profiles.map(exportProfile),
      ...(timestampField === undefined ? {} : { timestampField }),
    },
    properties:
      seconds("profiler.period.duration", period) +
      seconds("profiler.window.lag", lateness) +
      seconds("profiler.ttl", ttl),
  };
}

function exportProfile({ init, update, result, triage, expires, ...rest }: StreamedProfile): Json {
  return {
    ...rest,
    ...{ init: Object.fromEntries(init), update: Object.fromEntries(update) },
    result: triage.length === 0 ? result : { profile: result, triage: Object.fromEntries(triage) },
    ...(expires === undefined ? {} : { expires: expires / DAY }),
  };
}
