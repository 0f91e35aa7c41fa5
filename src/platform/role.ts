/** What a process does in an installation. */
import type { GlobalDocument } from "../config/global.ts";
import { Fault } from "../core/fault.ts";
import type { SourceDefinition } from "../sources/source.ts";

/**
 * `all`: everything in one process. `server`: the door, which takes records and answers questions, and reads no topic.
 * `worker`: reads the partitions that are its, and listens on nothing. `capture`: captures packets and keeps them, and listens on nothing.
 */
export type Role = "all" | "server" | "worker" | "capture";

/** What must be shared for a role, and how the document says that it is. */
const SHARED = [
  ["topics", "kafka"],
  ["tables", "kafka"],
] as const;

/** What people call a process of a role. */
const NAMES = { server: "server", worker: "worker", capture: "capture host" } as const;

/** Partitions where nobody says how many: machines differ in cores, and all are to make the same topic. */
const SHARED_PARTITIONS = 8;

/**
 * Throws unless everything is shared that a role needs to find at the others. The index need not be: where it is kept in files, each process has its own and they
 * ask one another.
 * @throws Fault ROLE_REFUSED
 */
export function checkShared(role: Role, storage: GlobalDocument["storage"]): void {
  if (role === "all") return;
  if (storage.index === "files") checkOfOne(role, storage);
  const missing = SHARED.filter(([part, engine]) => storage[part] !== engine);
  if (missing.length === 0) return;
  const present = missing.map(([part]) => `\`${part}: ${storage[part]}\``).join(", ");
  const needed = SHARED.map(([part, engine]) => `${part}: ${engine}`).join(", ");
  throw new Fault(
    "ROLE_REFUSED",
    `starting a ${NAMES[role]}: this machine has ${present}, which other processes cannot reach; a ${NAMES[role]} needs \`storage: { ${needed} }\` in the metron.yaml of its folder --config`,
  );
}

/** Throws where something is kept for one data folder, and each process has one. @throws Fault ROLE_REFUSED */
function checkOfOne(role: Role, { alerts, archive }: GlobalDocument["storage"]): void {
  const refused = (what: string, why: string) =>
    new Fault(
      "ROLE_REFUSED",
      `starting a ${role}: \`${what}\` ${why}, and with \`index: files\` each worker has one; leave it out of \`storage\`, or keep the index in OpenSearch`,
    );
  if (alerts !== "none") throw refused(`alerts: ${alerts}`, "copies the alerts of one data folder");
  if (archive !== "none") throw refused(`archive: ${archive}`, "belongs to one data folder");
}

/** Whether several processes may read the topics in turn, each into an index of its own. Copies of alerts follow one index, from which nothing is taken back. */
export function takesTurns({ topics, tables, index, alerts }: GlobalDocument["storage"]): boolean {
  return topics === "kafka" && tables === "kafka" && index === "files" && alerts === "none";
}

/** Whether processes of a role read topics and store what becomes of them. */
export function isIndexing(role: Role): boolean {
  return role === "all" || role === "worker";
}

/** Partitions of a topic whose sensor does not say. @param threads worker threads that this process has, or would have */
export function defaultPartitions({ topics, storage, workers }: GlobalDocument, threads: number): number {
  if (topics.partitions !== undefined) return topics.partitions;
  return storage.tables === "kafka" ? (workers ?? SHARED_PARTITIONS) : threads;
}

/**
 * Whether a source is opened by processes of a role. What any process could read is read by those that read topics, each its share; what listens, or is about
 * a machine, is at the door.
 */
export function isSourceOf(role: Role, { isShared = false }: SourceDefinition): boolean {
  return role === "all" || isShared === (role === "worker");
}
