import type { GlobalDocument } from "../config/global.ts";
import type { Kind } from "../config/kinds.ts";
import { wrongReferences } from "../config/secrets.ts";
import { secretsOf } from "../config/storage-schema.ts";
import { type Document, type Mistake, mistakeIn } from "../config/yaml.ts";
import { Fault } from "../core/fault.ts";
import { isLoopback, withoutGuard } from "../core/loopback.ts";
import { StellarError } from "../stellar/language/error.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import type { SensorDocuments } from "./documents.ts";
import { secretReader } from "./services/secrets.ts";
import type { PipelineServices } from "./services.ts";

/** What documents are held against beyond their own text. */
export type CheckRules = {
  /** Where sensor documents are read: those that did not change were. */
  readonly documents: SensorDocuments;
  /** What they run with now. */
  readonly inForce: PipelineServices;
  readonly allow: AllowPath;
  /** Whether the server may listen where others reach it. */
  readonly mayServeOthers: boolean;
  /** Why functions and packages of the changes could not be opened: what they add is unknown. */
  readonly unopened?: Fault | undefined;
  /** Functions and extensions that were not looked into, as a check runs nothing: what they add is unknown. */
  readonly notRun?: readonly string[] | undefined;
};

/** Files outside of the allowed folders, an address that others reach, and secrets that nobody can read. */
export function wrongPlaces(
  global: GlobalDocument,
  document: Document,
  { allow, mayServeOthers }: CheckRules,
): Mistake[] {
  const mistakes: Mistake[] = [];
  const { host } = global.server;
  if (!mayServeOthers && !isLoopback(host))
    mistakes.push(mistakeIn(document, ["server", "host"], withoutGuard(host)));
  for (const name of ["city", "asn"] as const) {
    const file = global.databases[name];
    if (file === undefined) continue;
    const reason = refusalOf(() => allow(file, "databases"));
    if (reason !== undefined) mistakes.push(mistakeIn(document, ["databases", name], reason));
  }
  const { secret } = global.packets;
  const unread = secret && refusalOf(() => secretReader(allow)(secret));
  if (unread !== undefined) mistakes.push(mistakeIn(document, ["packets", "secret"], unread));
  for (const [path, reference] of secretsOf(global.storage)) {
    const reason = refusalOf(() => secretReader(allow)(reference));
    if (reason !== undefined) mistakes.push(mistakeIn(document, path, reason));
  }
  return mistakes;
}

/** Secrets that a document names and that nobody can read: an expression that needs one would fail record by record. */
export function wrongSecrets(kind: Kind, document: Document, { allow }: CheckRules): Mistake[] {
  const read = secretReader(allow);
  return wrongReferences(kind, document, (reference) => refusalOf(() => read(reference)));
}

/** Why something is refused; undefined when it is not. */
export function refusalOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault || error instanceof StellarError)) throw error;
    return error.message;
  }
}
