import { inject } from "vitest";
import type { HdfsSettings } from "../contract.ts";

let folders = 0;

/** How to reach a folder of its own, empty, in the HDFS of the run; undefined where this machine cannot run one. */
export async function hdfsFolder(): Promise<HdfsSettings | undefined> {
  const response = await fetch(`${inject("cluster")}/hdfs`);
  if (response.status === 204) return undefined;
  if (!response.ok) throw new Error(await response.text());
  const { url, superuser } = (await response.json()) as { url: string; superuser: string };
  return { nodes: [url], folder: `/archive/${process.pid}-${folders++}`, user: superuser };
}
