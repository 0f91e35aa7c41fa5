import { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { bind } from "../src/stellar/run/bind.ts";
import { compile, type Program } from "../src/stellar/run/compile.ts";
import { makeEnvironment } from "../src/stellar/run/environment.ts";
import type { Variables } from "../src/stellar/run/variables.ts";
import { fromMessage, StellarMap } from "../src/stellar/values/value.ts";

export const name = "stellar";

const ROWS = 4096;
/** A worker owns one batch object, whose records the parser has just read. */
const BATCHES = 1;
const MILLISECONDS = 300;
const MILLISECONDS_A_TASK = 60;
const WALKED_ROWS = 1024;

/** The four rules whose cost in the original is known, then what else triage rules look like. */
const RULES = [
  "ip_src_port > 1024 and ip_dst_port == 443",
  "IN_SUBNET(ip_dst_addr, '192.168.0.0/24', '10.0.0.0/8')",
  "STARTS_WITH(DOMAIN_REMOVE_SUBDOMAINS(host), 'evil')",
  "LENGTH(uri) > 200 or ENDS_WITH(uri, '.php')",
  "method in ['POST', 'PUT', 'DELETE'] and status_code >= 500",
  "exists(threat_intel) or is_alert == true",
  "not(IN_SUBNET(ip_src_addr, '10.0.0.0/8')) and protocol == 'tcp'",
  "orig_bytes + resp_bytes > 100000",
  "ENDS_WITH(host, '.ru') or ENDS_WITH(host, '.cn') or host == 'pastebin.com'",
  "duration > 3600.0 and orig_bytes / resp_bytes > 10",
];

/**
 * Nanoseconds and evaluations a second for each rule and for all together: by the walker, by compiled code with a
 * resolver, and over columns. `compile` is the time from text to running code over columns, in milliseconds.
 */
export async function run(): Promise<Record<string, string | number>[]> {
  const batches = Array.from({ length: BATCHES }, makeBatch);
  const environment = makeEnvironment();
  const programs = RULES.map((rule) => compile(rule, environment));
  const rows = programs.map((program) => measure(program.text, [program], batches));
  return [...rows, measure("all together", programs, batches)];
}

function measure(rule: string, programs: readonly Program[], batches: readonly Batch[]) {
  const out = new Uint8Array(ROWS);
  const bounds = batches.map((batch) => programs.map((program) => bind(program, batch)));
  const columns = time(
    bounds.flat().map((bound) => () => bound.select(out)),
    ROWS,
  );
  const batch = batches[0] as Batch;
  const walked = time(
    programs.map((program) => () => eachRow(batch, (row) => program.walk(row, true))),
    WALKED_ROWS,
  );
  const scalar = time(
    programs.map((program) => () => eachRow(batch, (row) => program.test(row))),
    WALKED_ROWS,
  );
  return {
    rule,
    walkedNs: Math.round(walked),
    scalarNs: Math.round(scalar),
    columnsNs: Number(columns.toFixed(1)),
    millionsPerSecond: Number((1000 / columns).toFixed(1)),
    ratioToWalker: Math.round(walked / columns),
    compileMilliseconds: Number(compileTime(programs, batch).toFixed(2)),
  };
}

let compiled = 0;

/** Milliseconds from text to running code over columns, for one expression; each time another, as V8 remembers code. */
function compileTime(programs: readonly Program[], batch: Batch): number {
  const environment = makeEnvironment();
  const tasks = programs.map(({ text }) => () => {
    bind(compile(`(${text}) and x != ${compiled++}`, environment), batch).test(0);
  });
  return time(tasks, 1) / 1e6;
}

function eachRow(batch: Batch, evaluate: (row: Variables) => unknown): void {
  for (let row = 0; row < WALKED_ROWS; row++) evaluate(rowOf(batch, row));
}

/**
 * Nanoseconds for one of the `count` things that each task does: all tasks in turn, round after round, the best of
 * each, so that what else the machine does counts little.
 */
function time(tasks: readonly (() => void)[], count: number): number {
  const best = tasks.map(() => Number.POSITIVE_INFINITY);
  const end = performance.now() + MILLISECONDS + MILLISECONDS_A_TASK * tasks.length;
  for (let round = 0; round < 3 || performance.now() < end; round++) {
    for (const [index, task] of tasks.entries()) {
      const started = performance.now();
      task();
      best[index] = Math.min(best[index] as number, performance.now() - started);
    }
  }
  return (best.reduce((sum, each) => sum + each, 0) * 1e6) / (count * tasks.length);
}

function rowOf(batch: Batch, row: number): Variables {
  return {
    get: (field) => {
      const value = batch.columns.get(field)?.value(row);
      return value === undefined ? undefined : fromMessage(value);
    },
    all: () => new StellarMap(),
  };
}

let seed = 42;

function random(limit: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % limit;
}

const ENDS = [".com", ".org", ".net", ".co.uk", ".ru", ".de"];
const HOSTS = Array.from({ length: 5000 }, (_, index) => {
  const label = (index * 2654435761) % 9973;
  return `${index % 3 === 0 ? "www." : ""}${index % 7 === 0 ? "cdn.eu." : ""}name${label}${ENDS[index % ENDS.length]}`;
});

/** One batch of web-like telemetry: every text a span of the arena, as a parser leaves it. */
function makeBatch(): Batch {
  const batch = new Batch();
  batch.load(blockOf(["record"], 0), { topic: "bench", partition: 0, offset: 0 });
  const text = (field: string, row: number, value: string) => {
    const start = batch.arena.appendText(value);
    batch.column(field).setSpan(row, start, batch.arena.length);
  };
  for (let index = 0; index < ROWS; index++) {
    const row = batch.addRow(0);
    text("ip_src_addr", row, `10.${random(4)}.${random(256)}.${random(256)}`);
    text("ip_dst_addr", row, `${random(2) === 0 ? 10 : 93}.${random(256)}.${random(256)}.${random(256)}`);
    text("host", row, HOSTS[Math.min(random(5000), random(5000))] as string);
    text(
      "uri",
      row,
      `/path/${random(1e6)}/${"segment/".repeat(random(12))}page${random(100)}.${random(9) === 0 ? "php" : "html"}`,
    );
    text("method", row, ["GET", "GET", "GET", "POST", "HEAD"][random(5)] as string);
    text("protocol", row, random(4) === 0 ? "udp" : "tcp");
    batch.column("ip_src_port").setInt(row, 1024 + random(64_000));
    batch.column("ip_dst_port").setInt(row, random(2) === 0 ? 443 : 80);
    batch.column("status_code").setInt(row, [200, 200, 304, 404, 500][random(5)] as number);
    batch.column("orig_bytes").setInt(row, random(100_000));
    batch.column("resp_bytes").setInt(row, 1 + random(100_000));
    batch.column("duration").setDouble(row, random(4_000_000) / 1000);
    if (random(50) === 0) batch.column("is_alert").setBoolean(row, true);
  }
  return batch;
}
