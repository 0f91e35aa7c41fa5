import { inject } from "vitest";

/**
 * The address of the OpenSearch of this run of the tests, which the first that asks for it starts
 * (scripts/cluster/on-demand.ts); undefined on a machine that cannot run it, which is told in one line.
 */
export async function testOpenSearch(): Promise<string | undefined> {
  const given = process.env.METRON_TEST_OPENSEARCH;
  if (given !== undefined) return given;
  const answer = await fetch(`${inject("cluster")}/opensearch`);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? undefined : ((await answer.json()) as string);
}

/** Deletes everything whose names begin with a prefix. */
export async function removeIndices(url: string, prefix: string): Promise<void> {
  for (const path of [`${prefix}*.*`, `${prefix}*-internal`, `_index_template/${prefix}*`])
    await fetch(`${url}/${path}`, { method: "DELETE" });
}
