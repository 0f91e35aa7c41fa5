/**
 * `npm run conformance [-- FILE...]`: runs files of recorded cases through the real code and says what passed, what
 * deviates on purpose and why, and what failed. The format is told by each line, so files may be mixed.
 */
import { createReadStream, existsSync, globSync } from "node:fs";
import { createInterface } from "node:readline";
import { charsetOf } from "../src/parsers/charset.ts";
import { isParserCase, runParserCase } from "../src/parsers/testing/conformance.ts";
import { isStellarCase, runStellarCase } from "../src/stellar/testing/conformance.ts";
import { isWindowCase, runWindowCase } from "../src/stellar/testing/window-conformance.ts";
import { hasParser, isPipelineCase, runPipelineCase } from "./conformance-pipeline.ts";

/** What a runner answers for one line. */
export type Verdict =
  | { readonly verdict: "passed" }
  | { readonly verdict: "deviated"; readonly name: string; readonly reason: string }
  | { readonly verdict: "failed"; readonly expected: string; readonly found: string };

type Runner = {
  readonly name: string;
  readonly accepts: (line: unknown) => boolean;
  /** `text` is the line as written, which tells 6.0 from 6. */
  readonly run: (line: never, text: string) => Verdict | Promise<Verdict>;
};

/** What expressions have on the server. */
const SERVICES = { charsets: charsetOf };

const RUNNERS: readonly Runner[] = [
  { name: "stellar", accepts: isStellarCase, run: (line) => runStellarCase(line, SERVICES) },
  { name: "window", accepts: isWindowCase, run: runWindowCase },
  {
    name: "parser",
    accepts: (line) => isParserCase(line) && hasParser(line.parserClass),
    run: runParserCase,
  },
  { name: "pipeline", accepts: isPipelineCase, run: runPipelineCase },
];

const FIRST_FAILURES = 20;
const CASES = new URL("../../shared/conformance/", import.meta.url).pathname;

export type Summary = {
  cases: number;
  passed: number;
  readonly deviated: Map<string, { count: number; readonly reason: string }>;
  readonly failed: string[];
  /** Lines whose format no runner knows. */
  unknown: number;
};

/** Runs all cases of the files. */
export async function runFiles(files: readonly string[]): Promise<Summary> {
  const summary: Summary = { cases: 0, passed: 0, deviated: new Map(), failed: [], unknown: 0 };
  for (const file of files) {
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(file) })) {
      number++;
      if (line.trim() !== "") await runLine(summary, `${file}:${number}`, line);
    }
  }
  return summary;
}

async function runLine(summary: Summary, place: string, line: string): Promise<void> {
  const example: unknown = JSON.parse(line);
  const runner = RUNNERS.find((candidate) => candidate.accepts(example));
  if (runner === undefined) {
    summary.unknown++;
    return;
  }
  summary.cases++;
  const verdict = await attempt(runner, example, line);
  if (verdict.verdict === "passed") summary.passed++;
  else if (verdict.verdict === "deviated") {
    const entry = summary.deviated.get(verdict.name) ?? { count: 0, reason: verdict.reason };
    entry.count++;
    summary.deviated.set(verdict.name, entry);
  } else {
    summary.failed.push(
      `${place}\n  case      ${line.slice(0, 300)}\n  expected  ${verdict.expected.slice(0, 600)}\n  found     ${verdict.found.slice(0, 600)}`,
    );
  }
}

/** A crash in our code is a failure of the case that shows it, not the end of the run. */
async function attempt(runner: Runner, example: unknown, text: string): Promise<Verdict> {
  try {
    return await runner.run(example as never, text);
  } catch (error) {
    const found =
      error instanceof Error ? `crash: ${error.stack ?? error.message}` : `crash: ${String(error)}`;
    return { verdict: "failed", expected: "no crash", found };
  }
}

/** The report as printed. */
export function report(summary: Summary): string {
  const share = (count: number) => `${((100 * count) / Math.max(1, summary.cases)).toFixed(2)} %`;
  const deviated = [...summary.deviated.values()].reduce((sum, { count }) => sum + count, 0);
  const lines = summary.failed.slice(0, FIRST_FAILURES);
  if (summary.failed.length > FIRST_FAILURES)
    lines.push(`... and ${summary.failed.length - FIRST_FAILURES} more`);
  lines.push(
    `cases     ${summary.cases}`,
    `passed    ${summary.passed}`,
    `deviated  ${deviated} (${share(deviated)})`,
  );
  for (const [name, { count, reason }] of [...summary.deviated].sort((a, b) => b[1].count - a[1].count)) {
    lines.push(`  ${String(count).padStart(5)}  ${name}: ${reason}`);
  }
  lines.push(`failed    ${summary.failed.length}`);
  if (summary.unknown > 0) lines.push(`skipped   ${summary.unknown} lines of a format without a runner`);
  return lines.join("\n");
}

async function main(): Promise<void> {
  const given = process.argv.slice(2);
  const files = given.length > 0 ? given : globSync(`${CASES}**/*.jsonl`).sort();
  const absent = files.filter((file) => !existsSync(file));
  if (absent.length > 0 || files.length === 0) {
    console.error(
      files.length === 0 ? `no cases under ${CASES}; name a file` : `no such file: ${absent.join(", ")}`,
    );
    process.exitCode = 2;
    return;
  }
  const summary = await runFiles(files);
  console.log(report(summary));
  if (summary.failed.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
