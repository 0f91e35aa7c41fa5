import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { DuckdbReader, readByHyparquet } from "../testing/foreign-readers.ts";
import { askPython, pythonWith } from "../testing/python.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";

/** A folder of three sensors that write the same fields as numbers, as texts, and as both with some that are neither. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engines-"));
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  const writer = await index.writer("one");
  const numbers = [80, 443, 8080].map((ip_src_port, at) => ({
    ...{
      ip_src_port,
      bytes: at,
      duration: at / 2,
      local_orig: at === 1,
      rt: NOON + at,
      ip_src_addr: "10.0.0.1",
    },
    ...{ UID: "large", uid: "small" },
  }));
  const texts = numbers.map((message) => ({
    ...Object.fromEntries(Object.entries(message).map(([field, value]) => [field, String(value)])),
    ...{ ip_dst_port: "53", protocol: 17 },
  }));
  const odd = [
    {
      ip_src_port: "0443",
      bytes: "many",
      duration: "0.50",
      local_orig: "TRUE",
      rt: "yesterday",
      ip_src_addr: 7,
    },
    {
      ip_src_port: 70_000,
      bytes: 2n ** 62n,
      duration: 2n ** 60n,
      local_orig: 1,
      rt: 1e18,
      ip_src_addr: ["::1"],
    },
    { ip_src_port: 443, bytes: "1", duration: "1.5", local_orig: false, rt: NOON, ip_src_addr: "::1" },
  ];
  for (const [sensor, messages] of [
    ["numbers", numbers],
    ["texts", texts],
    ["odd", odd],
  ] as const)
    for (const [at, message] of messages.entries()) {
      // Each sensor has a field that the others lack, and one that the others have in another type.
      const own = { [`only_${sensor}`]: at, mixed: sensor === "numbers" ? at : `${at}` };
      await put(writer, sensor, batchOf([{ ...message, ...own }], at, sensor));
      if (at === 1) await index.seal();
    }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const files = () => globSync("sensor=*/**/[!_]*.parquet", { cwd: folder }).map((file) => join(folder, file));

test("DuckDB reads one type per field in all files, and both statements of it are in the schema", async () => {
  using duckdb = await DuckdbReader.open();
  const paths = files();
  expect(paths.length).toBeGreaterThan(5);
  const types = new Map<string, Set<string>>();
  for (const path of paths)
    for (const [name, type] of await duckdb.rows(`DESCRIBE SELECT * FROM read_parquet('${path}')`)) {
      const known = types.get(String(name)) ?? new Set();
      types.set(String(name), known.add(String(type)));
    }
  expect([...types].filter(([name, own]) => name !== "mixed" && own.size > 1)).toEqual([]);
  const all = `read_parquet('${folder}/sensor=*/day=*/*.parquet', union_by_name = true)`;
  const counted = "count(only_numbers), count(only_texts), count(only_odd), count(mixed)";
  const [together = []] = await duckdb.rows(`SELECT ${counted} FROM ${all}`);
  expect(together.map(Number)).toEqual([3, 3, 3, 9]);
  const typeOf = (name: string) => [...(types.get(name) ?? [])];
  expect(Object.keys(TYPES).map((name) => [name, ...typeOf(name)])).toEqual(
    Object.entries(TYPES).map(([name, { duckdb }]) => [name, duckdb]),
  );
  const kinds = new Map<string, unknown>();
  for (const path of paths)
    for (const { name, type, converted_type, logical_type } of (await readByHyparquet(path)).schema)
      if (name in TYPES) kinds.set(name, [type, converted_type, logical_type]);
  expect(kinds.get("ip_src_port")).toEqual([
    "INT32",
    "INT_32",
    { type: "INTEGER", bitWidth: 32, isSigned: true },
  ]);
  const time = { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" };
  expect(kinds.get("timestamp")).toEqual(["INT64", "TIMESTAMP_MILLIS", time]);
  expect(kinds.get("ip_src_addr")).toEqual(["BYTE_ARRAY", "UTF8", { type: "STRING" }]);
  const told = await duckdb.rows(
    `SELECT DISTINCT decode(value) FROM parquet_kv_metadata([${paths.map((path) => `'${path}'`).join()}])
     WHERE decode(key) IN ('metron.layout', 'metron.fields') ORDER BY 1`,
  );
  expect(told).toEqual([["3"], ['{"uid~2":"uid"}'], ["{}"]]);
});

/** The types of fields as each engine names them. */
const TYPES = {
  timestamp: { duckdb: "TIMESTAMP WITH TIME ZONE", arrow: "timestamp[ms, tz=UTC]", spark: "timestamp" },
  rt: { duckdb: "TIMESTAMP WITH TIME ZONE", arrow: "timestamp[ms, tz=UTC]", spark: "timestamp" },
  ip_src_port: { duckdb: "INTEGER", arrow: "int32", spark: "int" },
  ip_dst_port: { duckdb: "INTEGER", arrow: "int32", spark: "int" },
  bytes: { duckdb: "BIGINT", arrow: "int64", spark: "bigint" },
  duration: { duckdb: "DOUBLE", arrow: "double", spark: "double" },
  local_orig: { duckdb: "BOOLEAN", arrow: "bool", spark: "boolean" },
  ip_src_addr: { duckdb: "VARCHAR", arrow: "string", spark: "string" },
  protocol: { duckdb: "VARCHAR", arrow: "string", spark: "string" },
} as const;

const NAMES = JSON.stringify(Object.keys(TYPES));
const typesOf = (engine: "arrow" | "spark") =>
  Object.fromEntries(Object.entries(TYPES).map(([name, types]) => [name, types[engine]]));

const arrow = pythonWith("pyarrow", "pandas");

test.skipIf(arrow === undefined)(
  "pandas and pyarrow read the folder of all sensors in one call",
  () => {
    const answer = askPython(arrow ?? "", ARROW, folder, NAMES);
    expect(answer).toEqual({
      rows: 9,
      first: NOON,
      schema: typesOf("arrow"),
      ports: [80, 443, 443, 443, 8080],
      ...{ frame: 9, columns: [], own: [3, 3, 3], some: 3, common: true },
    });
  },
  600_000,
);

const ARROW = `
import json, sys, pandas, pyarrow, pyarrow.dataset, pyarrow.parquet
folder, names = sys.argv[1], json.loads(sys.argv[2])
frame = pandas.read_parquet(folder)
some = pandas.read_parquet(folder, filters=[("sensor", "==", "odd")])
data = pyarrow.dataset.dataset(folder, partitioning="hive")
schema = data.schema
table = data.to_table()
ports = [port for port in table["ip_src_port"].to_pylist() if port is not None]
print(json.dumps({
  "rows": table.num_rows, "frame": len(frame), "columns": sorted(set(schema.names) ^ set(frame.columns)),
  "own": [int(frame["only_" + sensor].count()) for sensor in ("numbers", "texts", "odd")], "some": len(some),
  "common": pyarrow.parquet.read_schema(folder + "/_common_metadata").names == [name for name in schema.names if name not in ("sensor", "day")], "ports": sorted(ports)[:1] + sorted(ports)[2:5] + sorted(ports)[-1:],
  "first": int(frame["timestamp"].min().timestamp() * 1000),
  "schema": {name: str(schema.field(name).type) for name in names}}))
`;

const spark = pythonWith("pyspark");

test.skipIf(spark === undefined)(
  "Spark reads the folder of all sensors in one call",
  () => {
    const answer = askPython(spark ?? "", SPARK, folder, NAMES);
    expect(answer).toEqual({ rows: 9, first: NOON, schema: typesOf("spark"), ports: 4, own: [3, 3, 3] });
  },
  600_000,
);

const SPARK = `
import json, sys
from pyspark.sql import SparkSession, functions
folder, names = sys.argv[1], json.loads(sys.argv[2])
session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").config("spark.sql.caseSensitive", "true").getOrCreate()
data = session.read.parquet(folder)
kinds = dict(data.dtypes)
print(json.dumps({
  "rows": data.count(), "own": [data.filter("only_" + sensor + " is not null").count() for sensor in ("numbers", "texts", "odd")], "ports": data.filter("ip_src_port = 443").count(),
  "first": data.agg(functions.min(functions.unix_millis("timestamp"))).first()[0],
  "schema": {name: kinds[name] for name in names}}))
session.stop()
`;
