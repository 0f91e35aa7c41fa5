import { z } from "zod";
import type { PlacedSecret, SecretReference } from "../core/secret.ts";
import { connectionSecrets, connectionShape } from "../storage/topic/kafka/connection-schema.ts";
import { hdfsSchema, s3Schema } from "./archive-schema.ts";
import { openSearchSchema } from "./opensearch-schema.ts";

const kafka = z.strictObject({
  brokers: connectionShape.brokers,
  prefix: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,40}$/, "expected at most 40 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`")
    .default("")
    .describe("What the names of topics begin with, before the name of the sensor."),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,40}$/, "expected 1 to 40 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`")
    .default("metron")
    .describe("Name of this installation: each has its own, or they take records from one another."),
  copies: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe(
      "Copies of the topics that Metron makes; what the brokers have as their default when left out.",
    ),
  compression: z
    .enum(["lz4", "none"])
    .default("lz4")
    .describe("How records are compressed on their way and at the brokers."),
  tls: connectionShape.tls,
  sasl: connectionShape.sasl,
});

/** Which engines keep topics, tables and the index: `storage` of the global document. Read when the platform starts. */
export const storageSchema = z
  .strictObject({
    topics: z
      .enum(["files", "kafka"])
      .default("files")
      .describe("Where raw records are kept: in files of the data folder, or in topics of Kafka."),
    tables: z
      .enum(["files", "kafka"])
      .default("files")
      .describe(
        "Where indicators and enrichments are kept: in files of the data folder, or in compacted topics of Kafka, which every machine has a copy of.",
      ),
    kafka: kafka
      .optional()
      .describe(
        "The Kafka that `topics: kafka` and `tables: kafka` are about, 3.2 or later; not used without one of them.",
      ),
    index: z
      .enum(["files", "opensearch"])
      .default("files")
      .describe("Where messages are stored and searched: in files of the data folder, or in OpenSearch."),
    alerts: z
      .enum(["none", "opensearch"])
      .default("none")
      .describe(
        "Where alerts of `index: files` are copied to and searched: nowhere, or in OpenSearch. The files have all messages in any case.",
      ),
    opensearch: openSearchSchema
      .optional()
      .describe(
        "The OpenSearch that `index: opensearch` and `alerts: opensearch` are about; not used without one of them.",
      ),
    archive: z
      .enum(["none", "s3", "hdfs"])
      .default("none")
      .describe(
        "Where sealed files of `index: files` are copied to: nowhere, to S3 or what speaks like it, or to HDFS.",
      ),
    s3: s3Schema.optional().describe("The object store that `archive: s3` is about; not used without that."),
    hdfs: hdfsSchema.optional().describe("The HDFS that `archive: hdfs` is about; not used without that."),
  })
  .refine(({ topics, kafka: found }) => topics !== "kafka" || found !== undefined, {
    message: "`topics: kafka` needs `kafka: { brokers: [HOST:PORT] }` beside it",
    path: ["kafka"],
  })
  .refine(({ tables, kafka: found }) => tables !== "kafka" || found !== undefined, {
    message: "`tables: kafka` needs `kafka: { brokers: [HOST:PORT] }` beside it",
    path: ["kafka"],
  })
  .refine(({ index, opensearch }) => index !== "opensearch" || opensearch !== undefined, {
    message: "`index: opensearch` needs `opensearch: { nodes: [https://HOST:PORT] }` beside it",
    path: ["opensearch"],
  })
  .refine(({ alerts, opensearch }) => alerts !== "opensearch" || opensearch !== undefined, {
    message: "`alerts: opensearch` needs `opensearch: { nodes: [https://HOST:PORT] }` beside it",
    path: ["opensearch"],
  })
  .refine(({ alerts, index }) => alerts === "none" || index === "files", {
    message: "alerts are copied from `index: files`; with `index: opensearch` they are there already",
    path: ["alerts"],
  })
  .refine(({ archive, s3 }) => archive !== "s3" || s3 !== undefined, {
    message: "`archive: s3` needs `s3: { bucket: NAME, key: SECRET, secret: SECRET }` beside it",
    path: ["s3"],
  })
  .refine(({ archive, hdfs }) => archive !== "hdfs" || hdfs !== undefined, {
    message: "`archive: hdfs` needs `hdfs: { nodes: [http://HOST:9870] }` beside it",
    path: ["hdfs"],
  })
  .refine(({ archive, index }) => archive === "none" || index === "files", {
    message: "an archive holds the files of `index: files`; with `index: opensearch` there are none",
    path: ["archive"],
  });

/** The secrets that are named for what storage is kept in, and where in the document. */
export function secretsOf(storage: z.output<typeof storageSchema>): readonly PlacedSecret[] {
  const { secret, authority } = storage.opensearch ?? {};
  const found: (readonly [readonly string[], SecretReference | undefined])[] = [
    ...connectionSecrets(storage.kafka ?? {}).map(([path, of]) => [["kafka", ...path], of] as const),
    [["opensearch", "secret"], secret],
    [["opensearch", "authority"], authority],
    [["s3", "key"], storage.s3?.key],
    [["s3", "secret"], storage.s3?.secret],
    [["s3", "token"], storage.s3?.token],
    [["s3", "authority"], storage.s3?.authority],
    [["hdfs", "authority"], storage.hdfs?.authority],
  ];
  return found.flatMap(([path, reference]) =>
    reference === undefined ? [] : [[["storage", ...path], reference] as const],
  );
}
