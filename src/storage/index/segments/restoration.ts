import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Context } from "../../../core/context.ts";
import type { Archive } from "../archived/archive.ts";
import type { GuidRange, IndexHandle, Loss, Restoration, RestorationScope, Restored } from "../contract.ts";
import { copyRows } from "../duckdb/copy-rows.ts";
import type { Database } from "../duckdb/database.ts";
import { serveWriter } from "../duckdb/remote.ts";
import { identifier, literal, pathLiteral } from "../names.ts";
import type { Catalogue, Segment } from "./catalogue.ts";
import type { FileHealth } from "./file-health.ts";
import { finished, isUnfinished, REPLACED } from "./folder-names.ts";
import { readNote, type SegmentNote } from "./read-note.ts";
import { NOTE_KEY } from "./segment-note.ts";
import { Staging, type StagingParts } from "./staging.ts";
import type { Unlisted } from "./stock.ts";

export type RestorationParts = Omit<StagingParts, "visible" | "archive"> & {
  /** Damaged files that it keeps come back by themselves, whole: what could be made again of records may be less. */
  readonly archive: Pick<Archive, "reachAll" | "keeps">;
  readonly folder: string;
  readonly context: Context;
  readonly catalogue: Catalogue;
  readonly database: Database;
  readonly health: FileHealth;
  /** Tells the index of new segments. */
  readonly onAdded: (segments: readonly Segment[]) => void;
  /** Deletes files once no search reads them. */
  readonly removeFiles: (segments: readonly Segment[]) => Promise<void>;
  readonly onEnd: () => void;
};

const LAST = "\u{10ffff}";
const WHOLE: GuidRange = ["", LAST];

/** Makes Parquet files again, which take the place of others in one transaction of the catalogue. */
export class SegmentRestoration implements Restoration {
  readonly staging: Staging;
  /** Segments that the new files take the place of. */
  readonly replaced: readonly Segment[];
  readonly #parts: RestorationParts;
  readonly #unlisted: readonly Unlisted[];
  readonly #scope: RestorationScope;
  readonly #isWhole: boolean;
  readonly #redundant: string[] = [];
  readonly #taken: string[] = [];
  readonly #unknown: Unlisted[] = [];
  #salvaged = 0;

  constructor(parts: RestorationParts, scope: RestorationScope) {
    this.#parts = parts;
    this.#scope = scope;
    const { catalogue, health, archive } = parts;
    const concerns = (sensor: string, from: number, to: number) =>
      (scope.sensor === undefined || scope.sensor === sensor) &&
      (scope.from === undefined || to >= scope.from) &&
      (scope.to === undefined || from < scope.to);
    this.replaced = [...catalogue.segments.values()].filter((segment) => {
      const isDamaged = catalogue.unreadable.has(segment.id);
      const isMeant = isDamaged ? !archive.keeps(segment) : scope.everything;
      return isMeant && concerns(segment.sensor, segment.minTime, segment.maxTime);
    });
    this.#unlisted = health.unlisted.filter(({ sensor, from, to }) => concerns(sensor, from, to));
    this.#isWhole = scope.sensor === undefined && scope.from === undefined && scope.to === undefined;
    const ids = new Set(this.replaced.map(({ id }) => id));
    const visible = () => health.readable(catalogue.segments.values()).filter(({ id }) => !ids.has(id));
    this.staging = new Staging({ ...parts, visible });
    this.#visible = visible;
  }

  readonly #visible: () => readonly Segment[];

  get files(): number {
    return this.#unlisted.length;
  }

  /** Takes files in whole where nothing of them is known, else what is not. */
  async takeFiles(onFile: () => void): Promise<void> {
    for (const unlisted of this.#unlisted) {
      this.#parts.context.signal.throwIfAborted();
      await this.#take(unlisted);
      onFile();
    }
    await this.staging.seal();
  }

  /** Those of files that cannot be read and were not found in others, and all where nobody knows what is missing. */
  async missing(): Promise<Map<string, GuidRange[]>> {
    const ranges = new Map<string, GuidRange[]>();
    const add = (sensor: string, range: GuidRange) =>
      ranges.set(sensor, [...(ranges.get(sensor) ?? []), range]);
    for (const part of await this.#lostParts()) if (part.found < part.messages) add(part.sensor, part.range);
    for (const { id, sensor, minGuid, maxGuid } of this.replaced)
      if (!this.#parts.catalogue.unreadable.has(id)) add(sensor, [minGuid, maxGuid]);
    for (const { sensor } of this.#unknown) add(sensor, WHOLE);
    return ranges;
  }

  get lostCatalogue(): boolean {
    return this.#parts.catalogue.lost !== undefined;
  }

  share(): IndexHandle {
    return serveWriter(this.staging, "rebuild");
  }

  async keepRest(isCovered: (sensor: string, guid: string) => boolean): Promise<void> {
    await this.staging.seal();
    const { catalogue, folder, database } = this.#parts;
    const writer = this.staging.writer();
    const lost = (await this.#lostParts()).filter(({ found, messages }) => found < messages);
    for (const segment of this.replaced) {
      const { id, sensor, file, schema, maxGuid, minGuid } = segment;
      const isDamaged = catalogue.unreadable.has(id);
      const isNeeded = isDamaged
        ? lost.some(({ sensor: of, range }) => of === sensor && range[0] <= maxGuid && range[1] >= minGuid)
        : !isCovered(sensor, minGuid) || !isCovered(sensor, maxGuid);
      if (!isNeeded) continue;
      const before = this.#staged();
      const wanted = (guid: string) => !isCovered(sensor, guid);
      const path = join(folder, file);
      const columns = [...schema.columns.values()];
      await copyRows({ database, path, sensor, columns, wanted, writer, passesDamage: isDamaged }).catch(
        (error: unknown) => {
          // A file whose footer is damaged gives nothing.
          if (!isDamaged) throw error;
        },
      );
      await this.staging.seal();
      if (isDamaged) this.#salvaged += this.#staged() - before;
    }
  }

  async commit(): Promise<Restored> {
    const { catalogue, folder, health, context } = this.#parts;
    await this.staging.seal();
    const { segments, adopted } = this.staging;
    const now = context.clock.now();
    const lost = (await this.#lostParts())
      .filter(({ found, messages }) => found < messages)
      .map(({ sensor, from, to, messages, found }) => ({
        sensor,
        from,
        to,
        messages: messages - found,
        at: now,
      }));
    const damaged = this.replaced.filter(({ id }) => catalogue.unreadable.has(id));
    const outdated = this.replaced.filter(({ id }) => !catalogue.unreadable.has(id));
    const add = [...segments];
    const restored: Restored = {
      files: this.#taken.length,
      adopted: adopted.reduce((sum, { rows }) => sum + rows, 0),
      written: this.#staged(),
      salvaged: this.#salvaged,
      lost,
      unknown: this.#unknown.map(({ file }) => join(folder, file)),
    };
    await catalogue.change({
      ...{ add, adopt: adopted, remove: outdated, abandon: damaged, release: this.#redundant },
      facts: {
        losses: [...this.#keptLosses(), ...lost],
        ...(this.#isWhole && catalogue.lost !== undefined ? { lost: undefined } : {}),
      },
    });
    segments.length = 0;
    health.taken([...this.#taken, ...this.#redundant, ...this.#unknown.map(({ file }) => file)]);
    this.#parts.onAdded([...add, ...adopted]);
    for (const { file } of [...damaged, ...this.#unknown]) await this.#setAside(file);
    await this.#parts.removeFiles([...outdated, ...this.#redundant.map((file) => ({ file }) as Segment)]);
    return restored;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.staging[Symbol.asyncDispose]();
    this.#parts.onEnd();
  }

  #keptLosses(): readonly Loss[] {
    const { forgetLost = false, sensor } = this.#scope;
    const { losses } = this.#parts.catalogue;
    return forgetLost ? losses.filter((loss) => sensor !== undefined && loss.sensor !== sensor) : losses;
  }

  #staged(): number {
    return this.staging.segments.reduce((sum, { rows }) => sum + rows, 0);
  }

  async #take(unlisted: Unlisted): Promise<void> {
    const { folder, health } = this.#parts;
    const path = join(folder, unlisted.file);
    const note = unlisted.isReadable ? await this.#note(path) : undefined;
    const isSound =
      unlisted.isReadable &&
      (await health.readAll({ file: unlisted.file, rows: unlisted.rows })) === undefined;
    if (!isSound) {
      if (unlisted.isReadable) this.#salvaged += await this.#copy(unlisted, note, true);
      this.#unknown.push(unlisted);
      return;
    }
    if (note === undefined || (await this.#known(path, note)) > 0) {
      await this.#copy(unlisted, note, false);
      this.#redundant.push(unlisted.file);
      return;
    }
    const segment = await this.#segmentOf(unlisted.file, note);
    if (segment.file === unlisted.file) this.staging.adopted.push(segment);
    else {
      this.staging.segments.push(segment);
      this.staging.foundDrafts.add(segment);
    }
    this.#taken.push(unlisted.file);
  }

  async #copy(unlisted: Unlisted, note: SegmentNote | undefined, passesDamage: boolean): Promise<number> {
    const { folder, database } = this.#parts;
    const before = this.#staged();
    await copyRows({
      ...{ database, path: join(folder, unlisted.file), sensor: unlisted.sensor, passesDamage },
      columns: note?.columns,
      writer: this.staging.writer(),
    });
    await this.staging.seal();
    return this.#staged() - before;
  }

  async #note(path: string): Promise<SegmentNote | undefined> {
    const [row] = await this.#parts.database.rows(
      `SELECT decode(value) FROM parquet_kv_metadata(${pathLiteral(path)}) WHERE decode(key) = ${literal(NOTE_KEY)}`,
    );
    return readNote(row?.[0] as string | undefined);
  }

  /** How many messages of a file are stored already. */
  async #known(path: string, note: SegmentNote): Promise<number> {
    const { sensor, minGuid, maxGuid, columns } = note;
    const others = [...this.#visible(), ...this.staging.files(sensor)].filter(
      (other) => other.sensor === sensor && other.minGuid <= maxGuid && other.maxGuid >= minGuid,
    );
    if (others.length === 0) return 0;
    const guids = others.map((other) => this.#guidsOf(other));
    const own = columns.find(({ field }) => field === "guid")?.column ?? "guid";
    const [row] = await this.#parts.database.rows(
      `SELECT count(*) FROM (SELECT ${identifier(own)} AS g FROM read_parquet([${pathLiteral(path)}], hive_partitioning = false)) WHERE g IN (${guids.join(" UNION ALL ")})`,
    );
    return Number(row?.[0]);
  }

  async #segmentOf(file: string, { columns, rest, ...facts }: SegmentNote): Promise<Segment> {
    const { catalogue, health } = this.#parts;
    const name = isUnfinished(file) ? finished(file) : file;
    const id = (name.split(/[/\\]/).at(-1) ?? name).replace(/\.parquet$/, "");
    const { bytes, crc } = await health.bytesOf(file);
    return {
      ...facts,
      id,
      file: name,
      bytes,
      crc,
      schema: catalogue.schema(columns),
      rest: rest ?? undefined,
    };
  }

  /** What unreadable files held, overlapping ones as one, and how much of it is staged. */
  async #lostParts(): Promise<LostPart[]> {
    const { catalogue } = this.#parts;
    const damaged = this.replaced.filter(({ id }) => catalogue.unreadable.has(id));
    const parts: LostPart[] = [];
    for (const segment of damaged.toSorted((a, b) => (a.minGuid < b.minGuid ? -1 : 1))) {
      const { sensor, rows: messages, minTime: from, maxTime: to, minGuid, maxGuid } = segment;
      const same = parts.find((part) => part.sensor === sensor && part.range[1] >= minGuid);
      if (same === undefined) parts.push({ sensor, messages, from, to, range: [minGuid, maxGuid], found: 0 });
      else {
        same.messages += messages;
        same.from = Math.min(same.from, from);
        same.to = Math.max(same.to, to);
        if (maxGuid > same.range[1]) same.range = [same.range[0], maxGuid];
      }
    }
    for (const part of parts) part.found = await this.#found(part);
    return parts;
  }

  /** Messages staged in the range of a part, but for those that readable files hold which are made again too. */
  async #found({ sensor, range: [least, greatest] }: LostPart): Promise<number> {
    const { catalogue, database } = this.#parts;
    const overlaps = ({ minGuid, maxGuid }: Segment) => minGuid <= greatest && maxGuid >= least;
    const others = this.replaced.filter(
      (other) => other.sensor === sensor && !catalogue.unreadable.has(other.id) && overlaps(other),
    );
    const known = others.map((other) => this.#guidsOf(other)).join(" UNION ALL ");
    const isNew = known === "" ? "" : ` AND g NOT IN (${known})`;
    let found = 0;
    for (const segment of this.staging.files(sensor).filter(overlaps)) {
      if (isNew === "" && segment.minGuid >= least && segment.maxGuid <= greatest) {
        found += segment.rows;
        continue;
      }
      const [row] = await database.rows(
        `SELECT count(*) FROM (${this.#guidsOf(segment)}) WHERE g >= $1 AND g <= $2${isNew}`,
        [least, greatest],
      );
      found += Number(row?.[0]);
    }
    return found;
  }

  /** The query for the guids, as `g`, of a file. */
  #guidsOf({ file, schema }: Segment): string {
    const guid = identifier(schema.columns.get("guid")?.column ?? "guid");
    return `SELECT ${guid} AS g FROM read_parquet([${pathLiteral(join(this.#parts.folder, file))}], hive_partitioning = false)`;
  }

  /** Keeps a damaged file where nothing looks for it: someone may still get something out of it. */
  async #setAside(file: string): Promise<void> {
    const { folder, context } = this.#parts;
    const target = join(folder, REPLACED, file);
    await mkdir(dirname(target), { recursive: true });
    await rename(join(folder, file), target).catch((error: Error) =>
      context.log.debug("A damaged file was not moved.", { file, error: error.message }),
    );
  }
}

type LostPart = {
  readonly sensor: string;
  messages: number;
  from: number;
  to: number;
  range: GuidRange;
  found: number;
};
