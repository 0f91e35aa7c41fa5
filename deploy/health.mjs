/**
 * Asks a process of Metron on this machine whether it is alive or ready. Exit code 0 means yes; otherwise the reasons are printed.
 *
 *   node deploy/health.mjs live|ready [PORT]     one that listens
 *   node deploy/health.mjs live|ready worker     `metron worker` or `metron capture-host`, which listen on nothing, by worker.json in METRON_DATA
 *
 * For images without curl. It is plain JavaScript, so that it starts at once.
 */
import { readFileSync } from "node:fs";

/** A worker writes every two seconds; one that has not for so long hangs or is gone. */
const SILENT_AFTER = 30_000;

const [question = "live", where = process.env.METRON_PORT ?? "8765"] = process.argv.slice(2);
const url = `http://127.0.0.1:${where}/health/${question}`;
try {
  if (where === "worker") askWorker(`${process.env.METRON_DATA ?? "data"}/worker.json`);
  else await askServer(url);
} catch (error) {
  fail(
    `asking ${where === "worker" ? "the worker" : url}: ${error instanceof Error ? (error.cause?.message ?? error.message) : error}`,
  );
}

async function askServer(address) {
  const answer = await fetch(address, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) fail(await answer.text());
}

function askWorker(file) {
  const { role = "worker", at, ready, reasons } = JSON.parse(readFileSync(file, "utf8"));
  if (Date.now() - at > SILENT_AFTER)
    fail(`the ${role} has said nothing since ${new Date(at).toISOString()}`);
  else if (question === "ready" && !ready) fail(JSON.stringify(reasons));
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
