import type { Readiness } from "../api/health.ts";
import type { Foundation } from "./foundation.ts";
import type { MemberProblem } from "./member-report.ts";
import type { MemberSelf } from "./members.ts";
import { readinessOf } from "./readiness.ts";
import type { Sources } from "./sources.ts";
import { VERSION } from "./version.ts";

/**
 * What a process says of itself: to the others, and to whoever asks whether it is ready.
 * @param others what is wrong with what is its alone
 */
export function memberSelf(
  foundation: Foundation,
  sources: Sources | undefined,
  others: () => readonly MemberProblem[] = () => [],
): { readonly readiness: () => Readiness; readonly report: () => Promise<MemberSelf> } {
  const { role, supervisor, publishing, intake, storage } = foundation;
  const readiness = () =>
    readinessOf({
      isReading: supervisor.isReading,
      faults: [...publishing.faults, ...intake.faults()],
      index: storage.index.problems(),
    });
  return {
    readiness,
    async report() {
      return {
        ...{ role, version: VERSION, ...publishing.inForce() },
        ...{ ready: readiness().ready, problems: problems(), restarts: supervisor.restarts },
        ...{ counts: supervisor.counts(), ends: await intake.ends() },
      };
    },
  };

  function problems(): MemberProblem[] {
    const starting = supervisor.isReading ? [] : readiness().reasons.slice(0, 1);
    const found: readonly Omit<MemberProblem, "sensor">[] = [
      ...starting.map(({ code, detail }) => ({ code, message: detail })),
      ...[...(sources?.problems() ?? [])].map(([sensor, message]) => ({
        ...{ code: "SOURCE_STOPPED", message: `source of ${sensor}: ${message}` },
      })),
      ...(sources?.losses() ?? []).map((message) => ({ code: "RECORDS_DROPPED", message })),
      ...[...foundation.ownFaults(), ...intake.faults()].map(({ code, message }) => ({ code, message })),
      ...storage.index.problems().map(({ code, text }) => ({ code, message: text })),
    ];
    const ofSensors = [...supervisor.problems()].map(([sensor, { code, message }]) => ({
      ...{ code, message, sensor },
    }));
    return [...others(), ...ofSensors, ...found.map((one) => ({ ...one, sensor: null }))];
  }
}
