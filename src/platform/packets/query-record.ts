import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { PacketQueryState } from "../../api/packets.ts";
import type { Log } from "../../core/context.ts";
import { writeFault } from "../../storage/folder.ts";
import { summaryOf } from "./question/question.ts";

/** A query as it is kept: `query.json` in the folder of its result. */
export type QueryRecord = Omit<PacketQueryState, "summary" | "expiresAt"> & {
  /** What is looked for: what was asked, with a message's packets in place of the message. */
  readonly question: PacketQuestion;
  /** The request of a client of the original, as it was made. */
  readonly original?: Readonly<Record<string, unknown>> | undefined;
  /** Bytes of the result on disk. */
  readonly size: number;
};

const FILE = "query.json";
const NAME = /^[0-9a-f-]{36}$/;

/** The queries of a folder. What is none is told and left alone. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
export function readRecords(folder: string, log: Log): QueryRecord[] {
  orFault(`making folder ${folder}`, () => mkdirSync(folder, { recursive: true }));
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .flatMap((name) => {
      try {
        return JSON.parse(readFileSync(join(folder, name, FILE), "utf8")) as QueryRecord;
      } catch (error) {
        log.warn("A query for packets is left out.", { folder: join(folder, name), error: String(error) });
        return [];
      }
    });
}

/** Writes a record so that it is there as a whole or as it was. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
export function writeRecord(folder: string, record: QueryRecord): void {
  const path = join(folder, record.id, FILE);
  orFault(`writing ${path}`, () => {
    writeFileSync(`${path}.new`, JSON.stringify(record), { flush: true });
    renameSync(`${path}.new`, path);
  });
}

/** Makes the folder of a result, an empty one. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
export function makeResultFolder(folder: string, id: string): void {
  removeResultFolder(folder, id);
  const path = join(folder, id);
  orFault(`making folder ${path} for what a query finds`, () => mkdirSync(path));
}

/** Removes the folder of a result with all that is in it. Throws Fault FOLDER_UNWRITABLE. */
export function removeResultFolder(folder: string, id: string): void {
  const path = join(folder, id);
  orFault(`removing folder ${path}`, () => rmSync(path, { recursive: true, force: true }));
}

export function hasEnded({ state }: Pick<QueryRecord, "state">): boolean {
  return state !== "waiting" && state !== "running";
}

/** A query as clients see it. @param kept milliseconds that it is kept once it has ended */
export function stateOf(record: QueryRecord, kept: number): PacketQueryState {
  const { question: _question, original: _original, size: _size, ...shown } = record;
  return {
    ...shown,
    summary: summaryOf(record.asked),
    ...(record.endedAt === undefined ? {} : { expiresAt: record.endedAt + kept }),
  };
}

function orFault(doing: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw writeFault(doing, error);
  }
}
