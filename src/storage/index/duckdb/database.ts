import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBConnection,
  type DuckDBMaterializedResult,
  type DuckDBType,
  VARCHAR,
} from "@duckdb/node-api";
import duckdb, { type Database as Instance } from "@duckdb/node-bindings";
import { Fault } from "../../../core/fault.ts";
import type { HotBlock } from "./hot-block.ts";
import { type HotColumns, HotScan } from "./hot-scan.ts";
import { SQL_FUNCTIONS } from "./sql-functions.ts";
import type { SqlValue } from "./sql-value.ts";

const INTERRUPT_EVERY = 50;

export type DatabaseOptions = {
  /** Bytes DuckDB may use. */
  readonly memory: number;
  readonly threads: number;
  /** Where it puts what does not fit, and how many bytes of it. */
  readonly temporary: string;
  readonly temporaryBytes: number;
};

/** A statement under construction: text of ours, values of others. */
export class Statement {
  readonly values: SqlValue[] = [];

  bind(value: SqlValue): string {
    // A bound text would end at its first NUL.
    if (typeof value === "string" && value.includes("\0"))
      return `(${value
        .split("\0")
        .map((part) => this.bind(part))
        .join(" || chr(0) || ")})`;
    this.values.push(typeof value === "string" ? value.toWellFormed() : value);
    return `$${this.values.length}`;
  }
}

/** A file-less DuckDB and connections to it. Every call yields while DuckDB works. */
export class Database implements AsyncDisposable {
  readonly #hot: HotScan;
  readonly #running = new Set<Promise<unknown>>();
  readonly #instance: Instance;
  readonly #idle: DuckDBConnection[] = [];
  readonly #all: DuckDBConnection[] = [];

  static async open(options: DatabaseOptions): Promise<Database> {
    const config = duckdb.create_config();
    const settings: Record<string, string> = {
      memory_limit: `${Math.floor(options.memory / 1_000_000)}MB`,
      threads: String(options.threads),
      temp_directory: options.temporary,
      max_temp_directory_size: `${Math.floor(options.temporaryBytes / 1_000_000)}MB`,
      // Nothing written by a user becomes SQL; these make sure that nothing is fetched either.
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
    };
    for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value);
    const instance = await duckdb.open(":memory:", config);
    const connection = await duckdb.connect(instance);
    const hot = new HotScan();
    hot.register(connection);
    const database = new Database(instance, hot, new DuckDBConnection(connection));
    for (const statement of [...SQL_FUNCTIONS, "SET parquet_metadata_cache = true"])
      await database.run(statement);
    await database.run("CREATE TABLE metron_patches (guid VARCHAR PRIMARY KEY, data VARCHAR)");
    return database;
  }

  private constructor(instance: Instance, hot: HotScan, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#hot = hot;
    this.#idle.push(connection);
    this.#all.push(connection);
  }

  /** Runs a statement and returns its rows; int64 are bigint. */
  async rows(sql: string, values: readonly SqlValue[] = [], signal?: AbortSignal): Promise<unknown[][]> {
    const result = await this.run(sql, values, signal);
    return (await result.getRowsJS()) as unknown[][];
  }

  run(
    sql: string,
    values: readonly SqlValue[] = [],
    signal?: AbortSignal,
  ): Promise<DuckDBMaterializedResult> {
    const running = this.#run(sql, values, signal);
    this.#running.add(running);
    const done = () => this.#running.delete(running);
    running.then(done, done);
    return running;
  }

  /** Makes blocks readable as a table; the key names it. Give it back when done. */
  showHot(columns: HotColumns, blocks: readonly HotBlock[]): string {
    return this.#hot.add(columns, blocks);
  }

  /** Lets go of a table of blocks once no statement that may read it runs: DuckDB reads texts where they lie. */
  hideHot(key: string): void {
    if (this.#running.size === 0) this.#hot.remove(key);
    else void Promise.allSettled(this.#running).then(() => this.#hot.remove(key));
  }

  async #run(
    sql: string,
    values: readonly SqlValue[],
    signal?: AbortSignal,
  ): Promise<DuckDBMaterializedResult> {
    signal?.throwIfAborted();
    const connection = this.#idle.pop() ?? (await this.#connect());
    let again: NodeJS.Timeout | undefined;
    // An interruption between two steps of a statement (preparing, running) is forgotten, so it is said again.
    const interrupt = () => {
      connection.interrupt();
      again ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY);
    };
    signal?.addEventListener("abort", interrupt);
    try {
      const result = await connection.run(sql, [...values], values.map(typeOf));
      signal?.throwIfAborted();
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      throw signal === undefined ? error : (memoryFault(error) ?? error);
    } finally {
      clearInterval(again);
      signal?.removeEventListener("abort", interrupt);
      this.#idle.push(connection);
    }
  }

  async #connect(): Promise<DuckDBConnection> {
    const connection = new DuckDBConnection(await duckdb.connect(this.#instance));
    this.#all.push(connection);
    return connection;
  }

  /** Waits for what runs: closing under a running statement would crash the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    for (const connection of this.#all) connection.disconnectSync();
    duckdb.close_sync(this.#instance);
  }
}

/** Statements of one search that work side by side at most, so that it takes no more threads from others than it must. */
export const MOST_STATEMENTS = 2;

/** Does work for each item, a few of them at a time; the results in the order of the items. */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const next = async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: MOST_STATEMENTS }, next));
  return results;
}

/** What a search that needs more memory or disk than it may have fails with; undefined for other errors. */
function memoryFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || !error.message.startsWith("Out of Memory Error")) return undefined;
  return new Fault(
    "SEARCH_LIMIT",
    "searching: it was ended because it needs more memory than `memory.index` and `search.temporaryBytes` allow",
    { cause: error },
  );
}

/** Without its type a bigint would be bound wider than the columns it is compared with, which then cannot prune. */
function typeOf(value: SqlValue): DuckDBType {
  switch (typeof value) {
    case "bigint":
      return BIGINT;
    case "number":
      return DOUBLE;
    case "boolean":
      return BOOLEAN;
    default:
      return VARCHAR;
  }
}
