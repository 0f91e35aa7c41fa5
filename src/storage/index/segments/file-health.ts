import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { FAULTS, Fault, type FaultCode } from "../../../core/fault.ts";
import { errorCode } from "../../folder.ts";
import type { IndexProblem, Selection } from "../contract.ts";
import type { Database } from "../duckdb/database.ts";
import { pathLiteral } from "../names.ts";
import type { Catalogue, Segment } from "./catalogue.ts";
import { checksumOf } from "./checksum.ts";
import type { Unlisted } from "./stock.ts";

export type FileHealthParts = {
  readonly folder: string;
  readonly catalogue: Catalogue;
  readonly database: Database;
  readonly context: Context;
  /** Parquet files that the catalogue does not list. */
  readonly unlisted: readonly Unlisted[];
};

/** How often a search is tried again after files turned out to be damaged. */
const MOST_TRIES = 3;

/**
 * What of the index cannot be read. A file is left out of every answer from the moment in which any of it turns out to
 * be unreadable, also by searches that would not touch the bad part: otherwise two counts of the same messages would
 * differ. What was changed since it was found sound is checked at the start, before the first search.
 */
export class FileHealth {
  readonly #parts: FileHealthParts;
  #unlisted: readonly Unlisted[];

  constructor(parts: FileHealthParts) {
    this.#parts = parts;
    this.#unlisted = parts.unlisted;
  }

  get unlisted(): readonly Unlisted[] {
    return this.#unlisted;
  }

  /** Notes that files were taken into the index. */
  taken(files: readonly string[]): void {
    this.#unlisted = this.#unlisted.filter(({ file }) => !files.includes(file));
  }

  /** Those that are searched. */
  readable(segments: Iterable<Segment>): Segment[] {
    const { unreadable } = this.#parts.catalogue;
    return unreadable.size === 0 ? [...segments] : [...segments].filter(({ id }) => !unreadable.has(id));
  }

  /** Looks at files that were changed since they were found sound, and again at those that were not. */
  async look(): Promise<void> {
    const { catalogue } = this.#parts;
    const findings = [];
    for (const segment of [...catalogue.segments.values()]) {
      const before = catalogue.unreadable.get(segment.id);
      const found = await this.#lookAt(segment, before !== undefined);
      const isNew = found.changed !== undefined && found.changed !== catalogue.changed.get(segment.id);
      if (found.reason === before && !isNew) continue;
      findings.push({ id: segment.id, ...found });
    }
    await this.#note(findings);
  }

  /** Runs a search; when a file turns out to be damaged, it is left out and the search runs again. */
  async attempt<Result>(search: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      const segments = this.readable(this.#parts.catalogue.segments.values());
      try {
        return await search();
      } catch (error) {
        if (!(error instanceof Error) || !mayBeDamage(error) || tries === MOST_TRIES) throw error;
        if (!(await this.#findDamage(segments))) throw error;
      }
    }
  }

  /** Why answers about a selection (all: undefined) are not complete. */
  problems(selection: Pick<Selection, "sensors" | "from" | "to"> = {}): IndexProblem[] {
    const { catalogue, folder } = this.#parts;
    const wanted = selection.sensors && new Set(selection.sensors);
    const concerns = (part: { sensor: string; from: number; to: number }) =>
      (wanted?.has(part.sensor) ?? true) &&
      (selection.from === undefined || part.to >= selection.from) &&
      (selection.to === undefined || part.from < selection.to);
    const problems: IndexProblem[] = [];
    for (const [id, reason] of catalogue.unreadable) {
      const segment = catalogue.segments.get(id);
      if (segment === undefined) continue;
      const { sensor, rows: messages, minTime: from, maxTime: to } = segment;
      const file = join(folder, segment.file);
      if (concerns({ sensor, from, to }))
        problems.push(
          problem("FILE_UNREADABLE", {
            text: `${amount(messages, sensor, from, to)} cannot be read: ${file}: ${reason}`,
            ...{ sensor, file, messages, from, to },
          }),
        );
    }
    for (const [sensor, files] of Map.groupBy(this.#unlisted, (one) => one.sensor)) {
      const readable = files.filter(({ isReadable }) => isReadable);
      const from = Math.min(...readable.map((one) => one.from));
      const to = Math.max(...readable.map((one) => one.to));
      const file = join(folder, readable[0]?.file ?? "");
      const which = readable.length === 1 ? file : `${readable.length} files, such as ${file}`;
      const messages = readable.reduce((sum, { rows }) => sum + rows, 0);
      const text = `${amount(messages, sensor, from, to)} are not searched: the catalogue does not list ${which}`;
      if (readable.length > 0 && concerns({ sensor, from, to }))
        problems.push(problem("FILES_UNLISTED", { text, sensor, file, messages, from, to }));
      for (const other of files) {
        if (other.isReadable || !concerns(other)) continue;
        const file = join(folder, other.file);
        const text = `an unknown number of messages of ${sensor} cannot be read: the catalogue does not list ${file}, which is damaged`;
        problems.push(problem("FILE_UNREADABLE", { text, sensor, file }));
      }
    }
    if (catalogue.lost !== undefined) {
      const { at, reason } = catalogue.lost;
      const text = `messages stored before ${isoTime(at)} may be missing: ${reason}`;
      problems.push(problem("CATALOGUE_LOST", { text }));
    }
    for (const loss of catalogue.losses) {
      const { sensor, messages, from, to, at } = loss;
      const text = `${amount(messages, sensor, from, to)} are lost: the rebuild of ${isoTime(at)} found them in no topic and no file`;
      if (concerns(loss)) problems.push(problem("MESSAGES_LOST", { text, sensor, messages, from, to }));
    }
    return problems;
  }

  /** Why a file cannot be read, without reading all of it when nothing was changed; `isSuspect`: read all of it. */
  async #lookAt(
    segment: Segment,
    isSuspect: boolean,
  ): Promise<{ reason: string | undefined; changed: number | undefined }> {
    const path = join(this.#parts.folder, segment.file);
    const found = await stat(path).catch((error: unknown) => errorCode(error));
    if (typeof found === "string")
      return { reason: found === "ENOENT" ? "it is missing" : found, changed: undefined };
    const changed = Math.floor(found.mtimeMs);
    if (found.size !== segment.bytes)
      return { reason: `it has ${found.size} bytes instead of ${segment.bytes}`, changed };
    if (!isSuspect && this.#parts.catalogue.changed.get(segment.id) === changed)
      return { reason: undefined, changed };
    const reason = (await this.#checksum(segment)) ?? (isSuspect ? await this.readAll(segment) : undefined);
    return { reason, changed };
  }

  /** Looks at all files after an error; false if nothing is wrong with any. */
  async #findDamage(segments: readonly Segment[]): Promise<boolean> {
    const checks = [
      async (segment: Segment) =>
        (await this.#lookAt(segment, false)).reason ?? (await this.#checksum(segment)),
      (segment: Segment) => this.readAll(segment),
    ];
    for (const check of checks) {
      const findings = [];
      for (const segment of segments) {
        const reason = await check(segment);
        if (reason !== undefined) findings.push({ id: segment.id, reason });
      }
      await this.#note(findings);
      if (findings.length > 0) return true;
    }
    return false;
  }

  async #checksum({ file, crc }: Segment): Promise<string | undefined> {
    if (crc === undefined) return undefined;
    try {
      const found = await checksumOf(join(this.#parts.folder, file));
      return found === crc ? undefined : "its bytes are not those that were written";
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Size and checksum of a file. */
  async bytesOf(file: string): Promise<{ bytes: number; crc: number }> {
    const path = join(this.#parts.folder, file);
    return { bytes: (await stat(path)).size, crc: await checksumOf(path) };
  }

  /** Why a file cannot be read: every value is decoded. */
  async readAll({ file, rows }: Pick<Segment, "file" | "rows">): Promise<string | undefined> {
    const path = pathLiteral(join(this.#parts.folder, file));
    try {
      const [row] = await this.#parts.database.rows(
        `SELECT count(*), bit_xor(hash(t)) FROM read_parquet([${path}]) t`,
      );
      return Number(row?.[0]) === rows ? undefined : `it has ${row?.[0]} messages instead of ${rows}`;
    } catch (error) {
      return reasonOf(error);
    }
  }

  async #note(
    looked: readonly { id: string; reason?: string | undefined; changed?: number | undefined }[],
  ): Promise<void> {
    const { catalogue, context, folder } = this.#parts;
    // What a merge or retention took out meanwhile is not damaged.
    const findings = looked.filter(({ id }) => catalogue.segments.has(id));
    if (findings.length === 0) return;
    const before = new Map(catalogue.unreadable);
    // A disk that takes no writes must not keep a search from leaving a damaged file out: it is known in memory.
    await catalogue
      .note(findings)
      .catch((error: Error) =>
        context.log.warn("It could not be kept which files are damaged.", { error: error.message }),
      );
    for (const { id, reason } of findings) {
      const file = join(folder, catalogue.segments.get(id)?.file ?? "");
      if (reason !== undefined && reason !== before.get(id))
        context.log.error("A part of the index cannot be read.", { code: "FILE_UNREADABLE", file, reason });
      if (reason === undefined && before.has(id))
        context.log.info("A part of the index can be read again.", { file });
    }
  }
}

/** Whether an error of a search may come from a file, so that looking at them all is worth the time. */
function mayBeDamage(error: Error): boolean {
  if (error instanceof Fault || error.name === "AbortError") return false;
  return !/^(Out of Memory|Binder|Parser|Catalog|Conversion|Out of Range|INTERRUPT|Interrupt)/.test(
    error.message,
  );
}

function problem(code: FaultCode, facts: Omit<IndexProblem, "code" | "advice">): IndexProblem {
  return { code, advice: FAULTS[code].advice, ...facts };
}

function amount(messages: number, sensor: string, from: number, to: number): string {
  const number = `${messages.toLocaleString("en")} message${messages === 1 ? "" : "s"}`;
  return `${number} of ${sensor} from ${isoTime(from)} to ${isoTime(to)}`;
}

function isoTime(time: number): string {
  // Times gone mad are no dates.
  if (Number.isNaN(new Date(time).getTime())) return String(time);
  return new Date(time).toISOString().replace(/\.000Z$/, "Z");
}

/** The first line of what an error says. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] as string) : String(error);
}
