import type { MemberProblem } from "../member-report.ts";
import type { Captures } from "./captures.ts";

/** So many interfaces are told of. */
const MOST_INTERFACES = 100;

/** What is wrong with captures that are to run: they wait for their interface or for room, or lose packets. */
export function problemsOf(captures: Captures): MemberProblem[] {
  return captures
    .list()
    .filter(({ endedAt }) => endedAt === undefined)
    .flatMap(({ name, error, dropped }) => [
      ...(error === undefined
        ? []
        : [{ code: "SOURCE_STOPPED", message: `capture of ${name}: ${error}`, sensor: null }]),
      ...(dropped === 0
        ? []
        : [
            {
              code: "RECORDS_DROPPED",
              message: `capture of ${name}: ${dropped} packets were dropped since it began`,
              sensor: null,
            },
          ]),
    ]);
}

/** Interfaces whose packets these captures take, or wait for: the first ones, where there are very many. */
export function interfacesOf(captures: Captures): string[] {
  const running = captures
    .list()
    .filter(({ kind, endedAt }) => kind === "interface" && endedAt === undefined);
  return running
    .map(({ name }) => name)
    .sort()
    .slice(0, MOST_INTERFACES);
}
