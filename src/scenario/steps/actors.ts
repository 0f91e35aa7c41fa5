/** Whom and what the steps of the intrusion share. */
import type { Company, Host } from "../company.ts";
import type { Flow } from "../flow.ts";
import { file, type Transfer } from "../formats/zeek.ts";
import type { Document } from "../packets/documents.ts";

/** The workstation that is entered. */
export const victimOf = ({ company }: { readonly company: Company }): Host =>
  company.workstations[Math.floor(company.workstations.length / 3)]!;

/** What the implant says it is. */
export const AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
/** The account that is taken over. */
export const STOLEN = "svc-erp-db1";
/** How long answers take from each of the adversary's machines, in milliseconds. */
export const AWAY = { lure: 38, control: 31, drop: 24 } as const;

/** A machine's name without its domain. */
export const nameOf = ({ name }: Host): string => name.split(".")[0] as string;

/** What files.log says of a document. */
export function transfer(
  flow: Flow,
  what: Pick<Transfer, "source" | "mime" | "isSent"> & { readonly file: Document },
): string {
  const { file: document, ...rest } = what;
  const { name, content, sha256 } = document;
  return file(flow, { ...rest, name, bytes: content.length, sha256 });
}
