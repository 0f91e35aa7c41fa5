import { inject } from "vitest";
import type { HdfsSettings } from "../contract.ts";

let folders = 0;

/**
 * How to reach a folder of its own, empty, in the HDFS of the run; undefined where this machine cannot run one. `rpc`: where clients of
 * Hadoop find that HDFS.
 */
export async function hdfsFolder(): Promise<(HdfsSettings & { readonly rpc: string }) | undefined> {
  const response = await fetch(`${inject("cluster")}/hdfs`);
  if (response.status === 204) return undefined;
  if (!response.ok) throw new Error(await response.text());
  const { url, rpc, superuser } = (await response.json()) as { url: string; rpc: string; superuser: string };
  return { rpc, nodes: [url], folder: `/archive/${process.pid}-${folders++}`, user: superuser };
}
