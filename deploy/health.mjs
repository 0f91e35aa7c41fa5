/**
 * Asks a platform on this machine whether it is alive or ready: `node deploy/health.mjs live|ready [PORT]`. Exit code 0 means
 * yes; otherwise the reasons are printed. For images without curl. It is plain JavaScript, so that it starts at once.
 */
const [question = "live", port = process.env.METRON_PORT ?? "8765"] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}/health/${question}`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) fail(await answer.text());
} catch (error) {
  fail(`asking ${url}: ${error instanceof Error ? (error.cause?.message ?? error.message) : error}`);
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
