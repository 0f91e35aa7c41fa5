import type { MemberProblem } from "../member-report.ts";
import type { Captures } from "./captures.ts";

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
