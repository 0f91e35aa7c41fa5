import type { PlatformStatus } from "../api/status.ts";
import { FAULTS, type FaultCode } from "../core/fault.ts";
import type { ArchiveStats } from "../storage/index/stats.ts";
import type { Family } from "./exposition.ts";

/** The archive as the API tells of it. */
export function archiveStatus({
  isOn,
  only: { sensors: _sensors, ...only },
  cache,
  failure,
  ...amounts
}: ArchiveStats): NonNullable<PlatformStatus["archive"]> {
  return {
    ...amounts,
    only,
    ...{ on: isOn, cacheBytes: cache.bytes, cacheLimit: cache.limit },
    ...(failure !== undefined && {
      failure: { code: failure.code, detail: failure.message, since: failure.since },
    }),
  };
}

/** What is wrong with the archive. Files that wait are no problem by themselves: that is their way there. */
export function archiveProblems(archive: ArchiveStats | undefined): PlatformStatus["problems"] {
  if (archive === undefined) return [];
  const { isOn, only, held, waiting, failure } = archive;
  const problem = (code: FaultCode, detail: string) => ({ code, detail, advice: FAULTS[code].advice });
  const problems: PlatformStatus["problems"] = [];
  if (failure !== undefined) {
    const kept = held.files === 0 ? "" : `, ${held.files} of them beyond their time`;
    problems.push(
      problem(
        failure.code,
        `since ${new Date(failure.since).toISOString()} nothing is archived and ${waiting.files} ${waiting.files === 1 ? "file waits" : "files wait"}${kept}: ${failure.message}`,
      ),
    );
  }
  if (!isOn && only.files > 0)
    problems.push(
      problem(
        "ARCHIVE_UNREAD",
        `${only.messages} messages are only in an archive that \`storage.archive\` does not name any more: they are not searched`,
      ),
    );
  return problems;
}

/** The archive in Prometheus' text format. */
export function archiveFamilies(archive: ArchiveStats | undefined): Family[] {
  if (archive === undefined) return [];
  const { archived, only, waiting, held, uploadedBytes, cache, failure } = archive;
  const states = { archived, only, waiting, held };
  const byState = (name: string, help: string, unit: "files" | "bytes"): Family => ({
    ...{ name, type: "gauge", help },
    samples: Object.entries(states).map(([state, amount]) => ({ labels: { state }, value: amount[unit] })),
  });
  const one = (name: string, type: Family["type"], help: string, value: number): Family => ({
    ...{ name, type, help },
    samples: [{ labels: {}, value }],
  });
  return [
    byState(
      "metron_archive_files",
      "Files in the archive, of these only there, not there yet, and of these kept beyond their time.",
      "files",
    ),
    byState("metron_archive_bytes", "Bytes of these files.", "bytes"),
    one("metron_archive_uploaded_bytes_total", "counter", "Bytes archived since the start.", uploadedBytes),
    one(
      "metron_archive_cache_bytes",
      "gauge",
      "Bytes of archived files that are here for searches.",
      cache.bytes,
    ),
    one(
      "metron_archive_failing_since_seconds",
      "gauge",
      "Since when nothing can be archived, as Unix time; 0 when it can.",
      (failure?.since ?? 0) / 1000,
    ),
  ];
}
