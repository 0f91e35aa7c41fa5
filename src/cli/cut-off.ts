import type { Readable } from "node:stream";
import { Fault } from "../core/fault.ts";
import type { Reach } from "./options.ts";
import { count, counted, printJson } from "./print.ts";

/** What is read into a sensor; `size` in bytes, undefined where it is not known. */
export type Input = { name: string; size: number | undefined; gzip: boolean; open: () => Readable };

type Place = {
  readonly sensor: string;
  /** Records that were accepted of the inputs before. */
  readonly before: number;
  readonly inputs: readonly Input[];
  /** The input that was not accepted as a whole. */
  readonly index: number;
  /** Number of the first record that was sent of it, counted from 1. */
  readonly first: number;
};

/**
 * A failure to send telemetry, with what was accepted all the same and how to go on without sending it twice; with `--json` that is also printed.
 * The records of the input at fault are known if its target told them (`records` of the details).
 */
export function cutOff(fault: Fault, place: Place, { json }: Reach & { json?: true }): Fault {
  const { sensor, before, inputs, index, first } = place;
  const { code, details = {} } = fault;
  const [input, ...after] = inputs.slice(index) as [Input, ...Input[]];
  const own = numberOf(details.records) ?? (code === "SENSOR_UNKNOWN" ? 0 : undefined);
  const least = own ?? numberOf(details.atLeast) ?? 0;
  // Records that are too long are not accepted, and not sent again either.
  const next = first + least + (numberOf(details.refused) ?? 0);
  if (json)
    printJson({
      sensor,
      accepted: before + least,
      input: input.name,
      isComplete: own !== undefined,
      next: own === undefined ? undefined : next,
    });
  if (before === 0 && own === 0 && next === first) return fault;
  const goesOn = goOn(sensor, [input, ...after], next);
  const lines =
    own === undefined
      ? [
          `It is not known how many records of ${input.name} were accepted: ${count(least)} or more. Of what came before it, ${count(before)} were.`,
          `To miss none of them, go on with record ${next}; records that were accepted and not told are then sent twice: ${goesOn}`,
        ]
      : [
          `${counted(before + own, "record")} ${before + own === 1 ? "was" : "were"} accepted, ${count(own)} of them from ${input.name}.`,
          `To send none of them twice, go on with record ${next}: ${goesOn}`,
        ];
  return new Fault(code, `${fault.message}\n${lines.join("\n")}`, {
    ...{ cause: fault, details: { ...details }, advice: fault.advice },
  });
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A command line for the rest of an input, and for the inputs after it. */
function goOn(sensor: string, inputs: readonly Input[], next: number): string {
  const ingest = `metron ingest --sensor ${sensor} --from ${next}`;
  const isStream = inputs[0]?.name === "standard input";
  if (isStream && inputs.length === 1) return `... | ${ingest}`;
  const paths = inputs.map(({ name }) => (name === "standard input" ? "-" : quoted(name)));
  return `${isStream ? "... | " : ""}${ingest} ${paths.join(" ")}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
