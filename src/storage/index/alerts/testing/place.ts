import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { makeContext } from "../../../../core/context.ts";
import type { Index } from "../../contract.ts";
import type { DuckdbOptions } from "../../duckdb/settings.ts";
import { removeIndices } from "../../opensearch/testing/node.ts";
import { openAlertCopiesIndex } from "../open.ts";

let count = 0;

/** A folder and names in OpenSearch that a test has for itself. */
export async function place(url: string) {
  const prefix = `copies-${process.pid}-${count++}`;
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  onTestFinished(() => removeIndices(url, prefix));
  const open = (options: object = {}, ofFiles: DuckdbOptions = {}, context = makeContext()) =>
    openAlertCopiesIndex(folder, ofFiles, { nodes: [url], prefix, replicas: 0, ...options }, context);
  /** The guids of what OpenSearch holds, whatever the index says. */
  const copied = async () => {
    await fetch(`${url}/${prefix}.*/_refresh`, { method: "POST" });
    const answer = await fetch(`${url}/${prefix}.*/_search?size=100&sort=guid&allow_no_indices=true`);
    const { hits } = (await answer.json()) as { hits: { hits: { _source: { guid: string } }[] } };
    return hits.hits.map(({ _source }) => _source.guid);
  };
  return { prefix, folder, open, copied };
}

/** Which engine answered a request. */
export async function answeredBy(index: Index, ask: () => Promise<unknown>): Promise<string> {
  const before = (await index.stats()).alertCopies?.answers;
  await ask();
  const after = (await index.stats()).alertCopies?.answers;
  if (after?.copies !== before?.copies) return "copies";
  return after?.files === before?.files ? "files unasked for alerts" : "files";
}

/** Resolves when copies are made again. */
export async function whole(index: Index): Promise<void> {
  await expect
    .poll(async () => (await index.stats()).alertCopies?.isWhole, { timeout: 50_000, interval: 50 })
    .toBe(true);
}
