import { z } from "zod";
import type { SecretReference } from "../core/secret.ts";
import { hdfsSchema, s3Schema } from "./archive-schema.ts";
import { openSearchSchema } from "./opensearch-schema.ts";
import { secretSchema } from "./secret-schema.ts";

const tls = z.strictObject({
  authority: secretSchema
    .optional()
    .describe("Certificates of who signs those of the brokers; the known authorities when left out."),
  certificate: secretSchema
    .optional()
    .describe("Certificate that is shown to the brokers; none when left out."),
  key: secretSchema.optional().describe("Key of that certificate; needed with it, not used without it."),
});

const sasl = z.union([
  z.strictObject({
    mechanism: z
      .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
      .describe("How the password is shown; PLAIN shows it as it is, so use it with `tls` only."),
    user: z.string().min(1).describe("Name of the user."),
    password: secretSchema.describe("Where the password is."),
  }),
  z.strictObject({
    mechanism: z.literal("OAUTHBEARER").describe("A token is shown that somebody else renews in its file."),
    token: secretSchema.describe("Where the token is; it is read for every connection."),
  }),
]);

const kafka = z.strictObject({
  brokers: z
    .array(z.string().regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, "expected HOST:PORT"))
    .min(1)
    .describe("Addresses of some brokers, HOST:PORT; they tell of the others."),
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
  tls: tls.optional().describe("Encrypted connections; plain ones when left out."),
  sasl: sasl.optional().describe("How to prove who Metron is; nobody asks when left out."),
});

/** Which engines keep topics and the index: `storage` of the global document. Read when the platform starts. */
export const storageSchema = z
  .strictObject({
    topics: z
      .enum(["files", "kafka"])
      .default("files")
      .describe("Where raw records are kept: in files of the data folder, or in topics of Kafka."),
    kafka: kafka
      .optional()
      .describe("The Kafka that `topics: kafka` is about, 3.2 or later; not used without that."),
    index: z
      .enum(["files", "opensearch"])
      .default("files")
      .describe("Where messages are stored and searched: in files of the data folder, or in OpenSearch."),
    opensearch: openSearchSchema
      .optional()
      .describe("The OpenSearch that `index: opensearch` is about; not used without that."),
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
  .refine(({ index, opensearch }) => index !== "opensearch" || opensearch !== undefined, {
    message: "`index: opensearch` needs `opensearch: { nodes: [https://HOST:PORT] }` beside it",
    path: ["opensearch"],
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
export function secretsOf(
  storage: z.output<typeof storageSchema>,
): readonly (readonly [path: readonly string[], reference: SecretReference])[] {
  const { tls: encrypted, sasl: proof } = storage.kafka ?? {};
  const { secret, authority } = storage.opensearch ?? {};
  const found: (readonly [string[], SecretReference | undefined])[] = [
    [["kafka", "tls", "authority"], encrypted?.authority],
    [["kafka", "tls", "certificate"], encrypted?.certificate],
    [["kafka", "tls", "key"], encrypted?.key],
    proof?.mechanism === "OAUTHBEARER"
      ? [["kafka", "sasl", "token"], proof.token]
      : [["kafka", "sasl", "password"], proof?.password],
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
