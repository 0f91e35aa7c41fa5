/**
 * The loop end to end, as the issue states it: from the durable topic through parse, geography and AS of two
 * addresses, host, match of four fields against a million indicators and ten rules on every message into the index,
 * searchable and sealed to disk; against the plain design in the same run.
 *
 *   npm run bench -- pipeline [--messages=10000000] [--shapes=zeek,zeek-general,asa] [--workers=2] [--baseline=no]
 */
import { Worker } from "node:worker_threads";
import { argument } from "./lib/arguments.ts";
import type { BaselineResult, BaselineStart } from "./lib/baseline.ts";
import { play } from "./lib/play.ts";
import type { Shape } from "./lib/telemetry.ts";

export const name = "Pipeline: durable topic to sealed index";

const INDICATORS = 1_000_000;

type Row = Record<string, string | number>;
/** Messages a second of the plain design that keeps the same fields, and of one that keeps half of them. */
type Baselines = { all?: number; few?: number };

export async function run(args: readonly string[]): Promise<Row[]> {
  const messages = Number(argument(args, "messages") ?? 2_000_000);
  const workers = Number(argument(args, "workers") ?? 2);
  const shapes = (argument(args, "shapes") ?? "zeek,zeek-general,asa").split(",") as Shape[];
  const withBaseline = argument(args, "baseline") !== "no";
  const rows: Row[] = [];
  const baselines: Baselines = {};
  for (const fields of withBaseline ? (["all", "few"] as const) : []) {
    const rate = await baselineRate(workers, fields);
    baselines[fields] = rate;
    rows.push({ work: `baseline: plain design, zeek, ${fields} fields`, "messages/s": Math.round(rate) });
  }
  for (const shape of shapes) rows.push(await measure(shape, messages, workers, baselines));
  return rows;
}

async function measure(
  shape: Shape,
  messages: number,
  workers: number,
  { all, few }: Baselines,
): Promise<Row> {
  const played = await play({ shape, messages, workers });
  const { bytes, searchable, sealed, cpu, stages, peak, stored, alerts, rejected } = played;
  const rate = messages / sealed;
  return {
    work: `${shape}, ${Math.round(bytes)} bytes, ${messages.toLocaleString("en")} messages`,
    "messages/s": Math.round(rate),
    "searchable/s": Math.round(messages / searchable),
    ...(all === undefined ? {} : { "x baseline": Number((rate / all).toFixed(1)) }),
    ...(few === undefined ? {} : { "x few fields": Number((rate / few).toFixed(1)) }),
    "CPU ns": Math.round(cpu),
    ...Object.fromEntries(Object.entries(stages).map(([stage, value]) => [`${stage} ns`, Math.round(value)])),
    "peak MB": Math.round(peak / 1e6),
    ...{ stored, alerts, rejected },
  };
}

/** Messages a second of the plain design on as many threads. */
async function baselineRate(threads: number, fields: BaselineStart["fields"]): Promise<number> {
  const start: BaselineStart = { messages: 100_000, indicators: INDICATORS, fields };
  const results = await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./lib/baseline.ts", import.meta.url), { workerData: start });
      return new Promise<BaselineResult>((done, fail) => {
        worker.once("message", done);
        worker.once("error", fail);
      });
    }),
  );
  return results.reduce((sum, { messages, seconds }) => sum + messages / seconds, 0);
}
