/** One model of a sensor and the fields that it writes. */
import type { Batch } from "../core/batch.ts";
import type { Column } from "../core/column.ts";
import type { Clock, Log } from "../core/context.ts";
import { Dictionary } from "../core/dictionary.ts";
import type { Layer } from "../stellar/run/environment.ts";
import { countAbsent, type ModelCounts, noteError } from "./counts.ts";
import { type Feature, FeatureReader } from "./features.ts";
import type { Model } from "./model.ts";
import { Scores } from "./scores.ts";

/** The fields of a model behind its prefix. */
const PARTS = ["score", "version", "reasons", "absent"] as const;

type Columns = Readonly<Record<(typeof PARTS)[number], Column>>;

/** How long the log says no more of messages without features, milliseconds. */
const QUIET = 3_600_000;

type Parts = {
  /** What its fields begin with. */
  readonly prefix: string;
  readonly version: string;
  /** What the log calls it. */
  readonly title: string;
  readonly features: readonly Feature[];
  readonly model: Model;
};

type Surroundings = {
  readonly log: Log;
  readonly clock: Clock;
  readonly variables: readonly Layer[];
  /** Where to count. */
  readonly counts: () => ModelCounts;
};

export class ScoringModel {
  readonly #parts: Parts;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #countsNow: () => ModelCounts;
  readonly #names: readonly string[];
  readonly #reader: FeatureReader;
  readonly #scores = new Scores();
  readonly #words = new Dictionary();
  readonly #version: number;
  /** Codes of what messages lack, by mark. */
  readonly #lacks = new Map<number, number>();
  #batch: Batch | undefined;
  #columns: Columns | undefined;
  #untold = 0;
  /** What the last failed expression said of these. */
  #untoldError: string | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: Parts, { log, clock, variables, counts }: Surroundings) {
    this.#parts = parts;
    this.#log = log;
    this.#clock = clock;
    this.#countsNow = counts;
    this.#names = parts.features.map(({ name }) => name);
    this.#reader = new FeatureReader(parts.features, variables);
    this.#version = this.#words.code(parts.version);
  }

  run(batch: Batch): void {
    const { matrix } = this.#reader;
    this.#reader.read(batch);
    const columns = this.#bind(batch);
    this.#parts.model.score(matrix, this.#scores);
    const counts = this.#countsNow();
    this.#writeScores(columns, counts);
    this.#writeLacks(batch, columns.absent, counts);
    this.#note(counts);
  }

  /** Notes when the model was asked, and what failed. */
  #note(counts: ModelCounts): void {
    const { failed, lastError = "" } = this.#reader;
    const now = this.#clock.now();
    counts.lastAt = now;
    if (failed > 0) noteError(counts, lastError, now);
    if (this.#scores.failure !== "") noteError(counts, this.#scores.failure, now);
  }

  #bind(batch: Batch): Columns {
    if (this.#batch !== batch || this.#columns === undefined) {
      this.#batch = batch;
      const column = (part: (typeof PARTS)[number]) => batch.column(`${this.#parts.prefix}.${part}`);
      this.#columns = {
        score: column("score"),
        version: column("version"),
        reasons: column("reasons"),
        absent: column("absent"),
      };
    }
    for (const part of PARTS) {
      const column = this.#columns[part];
      // What a record brings under the names of these fields is no score.
      if (column.touched) for (let row = 0; row < batch.rows; row++) column.clear(row);
    }
    // Another version of the sensor's document may have left its own words.
    this.#columns.version.dictionary = this.#words;
    this.#columns.absent.dictionary = this.#words;
    return this.#columns;
  }

  #writeScores({ score, version, reasons, absent }: Columns, counts: ModelCounts): void {
    const { count, rows } = this.#reader.matrix;
    const scores = this.#scores;
    const lack = this.#words.code(scores.lack);
    let unknown = 0;
    for (let message = 0; message < count; message++) {
      const row = rows[message] as number;
      if (scores.known[message] !== 1) {
        absent.setWord(row, lack);
        unknown++;
        continue;
      }
      score.setDouble(row, scores.values[message] as number);
      version.setWord(row, this.#version);
      if (scores.explained[message] !== 1) continue;
      const moved = scores.reasons(message, this.#names);
      if (moved.length > 0)
        reasons.setString(row, moved.map(({ name, by }) => `${name} +${by.toFixed(3)}`).join(", "));
    }
    counts.scored += count - unknown;
    countAbsent(counts, scores.lack, unknown);
    if (scores.isLate) counts.late += unknown;
  }

  #writeLacks(batch: Batch, absent: Column, counts: ModelCounts): void {
    const { marks } = this.#reader;
    let count = 0;
    const byMark = new Map<number, number>();
    for (let row = 0; row < batch.rows; row++) {
      const mark = marks[row] as number;
      if (mark === 0 || batch.live[row] === 0) continue;
      const known = this.#lacks.get(mark);
      const code = known ?? this.#words.code(this.#reader.lackOf(mark));
      if (known === undefined) this.#lacks.set(mark, code);
      absent.setWord(row, code);
      byMark.set(mark, (byMark.get(mark) ?? 0) + 1);
      count++;
    }
    for (const [mark, messages] of byMark) countAbsent(counts, this.#reader.lackOf(mark), messages);
    if (count > 0) this.#tell(count);
  }

  /** Says in the log how many messages had no features: at once, and from then on once per hour. */
  #tell(count: number): void {
    this.#untold += count;
    this.#untoldError = this.#reader.lastError ?? this.#untoldError;
    const now = this.#clock.now();
    // A clock that was set back must not keep the log quiet for longer.
    if (now >= this.#toldAt && now < this.#toldAt + QUIET) return;
    this.#toldAt = now;
    const { title, prefix } = this.#parts;
    this.#log.warn("Messages have no score, as they lack what a model reads.", {
      ...{ model: title, messages: this.#untold, field: `${prefix}.absent` },
      error: this.#untoldError,
    });
    this.#untold = 0;
    this.#untoldError = undefined;
  }
}
