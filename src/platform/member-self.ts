import type { Readiness } from "../api/health.ts";
import { FAULTS, Fault } from "../core/fault.ts";
import type { Captures } from "./capture/captures.ts";
import { interfacesOf, problemsOf } from "./capture/problems.ts";
import type { Foundation } from "./foundation.ts";
import type { MemberProblem } from "./member-report.ts";
import type { MemberSource } from "./members.ts";
import { readinessOf } from "./readiness.ts";
import type { Sources } from "./sources.ts";
import { VERSION } from "./version.ts";

/** What of a sensor's problems is no matter of that sensor alone. */
const STOPPING = ["PROCESS_REPLACED", "INDEX_UNREACHABLE"] as const;

/**
 * What a process says of itself: to the others, and to whoever asks whether it is ready.
 * @param captures those of this process; what is wrong with them is told here where nobody can ask for them
 */
export function memberSelf(
  foundation: Foundation,
  sources: Sources | undefined,
  { captures, tellsProblems }: { readonly captures: Captures; readonly tellsProblems: boolean },
): MemberSource & { readonly readiness: () => Readiness } {
  const { role, supervisor, publishing, intake, storage } = foundation;
  const others = () => (tellsProblems ? problemsOf(captures) : []);
  const readiness = () => {
    const { ready, reasons } = readinessOf({
      isReading: supervisor.isReading,
      faults: [...publishing.faults, ...intake.faults(), ...stopped()],
      index: storage.index.problems(),
    });
    // What captures and captures nothing does not do what it was started for.
    const captures = others().filter(({ code }) => code === "SOURCE_STOPPED");
    const { advice } = FAULTS.SOURCE_STOPPED;
    return {
      ready: ready && captures.length === 0,
      reasons: [...reasons, ...captures.map(({ code, message }) => ({ code, detail: message, advice }))],
    };
  };
  const state = () => ({ ready: readiness().ready, problems: problems() });
  return {
    readiness,
    state,
    async report() {
      const ends = await intake.ends();
      return {
        ...{ role, version: VERSION, ...publishing.inForce(), ...state() },
        ...{ restarts: supervisor.restarts, captures: interfacesOf(captures) },
        ...{ counts: supervisor.counts(), ends },
      };
    },
  };

  /** What keeps it from reading anything, whichever sensor it was noticed by: another process has its place, or the index does not answer. */
  function stopped(): Fault[] {
    const problems = [...supervisor.problems().values()];
    return STOPPING.flatMap((stopping) => {
      const found = problems.find(({ code }) => code === stopping);
      if (found === undefined) return [];
      const { code, message, since } = found;
      return [new Fault(code, `since ${new Date(since).toISOString()} topics are not read: ${message}`)];
    });
  }

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
