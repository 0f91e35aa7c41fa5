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
};

/**
 * A failure to send telemetry, with what was accepted all the same and how to go on without sending it twice; with `--json` that is also printed.
 * The records of the input at fault are known if its target told them (`records` of the details).
 */
export function cutOff(fault: Fault, place: Place, { json }: Reach & { json?: true }): Fault {
  const { sensor, before, inputs, index } = place;
  const { code, details = {} } = fault;
  const [input, ...after] = inputs.slice(index) as [Input, ...Input[]];
  const told = details.records ?? (code === "SENSOR_UNKNOWN" ? 0 : undefined);
  const own = typeof told === "number" ? told : undefined;
  // Those that are too long are not accepted, and not sent again either.
  const next =
    own === undefined ? undefined : own + (typeof details.refused === "number" ? details.refused : 0) + 1;
  if (json)
    printJson({
      sensor,
      accepted: before + (own ?? 0),
      input: input.name,
      isComplete: own !== undefined,
      next,
    });
  if (before === 0 && next === 1) return fault;
  const lines = [
    own === undefined
      ? `It is not known how many records of ${input.name} were accepted; of what came before it, ${count(before)} were.`
      : `${counted(before + own, "record")} ${before + own === 1 ? "was" : "were"} accepted, ${count(own)} of them from ${input.name}.`,
    ...(next === undefined
      ? []
      : [`To send none of them twice, go on with record ${next}: ${goOn(sensor, input, next)}`]),
    ...(after.length === 0 ? [] : [`Not sent yet: ${after.map(({ name }) => name).join(" ")}`]),
  ];
  return new Fault(code, `${fault.message}\n${lines.join("\n")}`, { cause: fault, details: { ...details } });
}

/** A command line for the rest of an input whose records are lines. */
function goOn(sensor: string, { name, gzip }: Input, next: number): string {
  const rest = `tail -n +${next}`;
  const ingest = `metron ingest --sensor ${sensor}`;
  if (name === "standard input") return `... | ${rest} | ${ingest}`;
  const path = /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
  return gzip ? `zcat ${path} | ${rest} | ${ingest}` : `${rest} ${path} | ${ingest}`;
}
