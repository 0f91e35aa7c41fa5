import { z } from "zod";
import { SECRET_VARIABLE, type SecretReference } from "../core/secret.ts";

/** Where a secret is. */
export const secretSchema = z.union([
  z.strictObject({ file: z.string().describe("File of the secret, in a folder of secrets.") }),
  z.strictObject({
    env: z
      .string()
      .regex(SECRET_VARIABLE, "expected a name such as METRON_SECRET_KAFKA")
      .describe("Variable of the environment."),
  }),
]);

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

/** Where topics are kept: `storage` of the global document. Read when the platform starts. */
export const storageSchema = z
  .strictObject({
    topics: z
      .enum(["files", "kafka"])
      .default("files")
      .describe("Where raw records are kept: in files of the data folder, or in topics of Kafka."),
    kafka: kafka
      .optional()
      .describe("The Kafka that `topics: kafka` is about, 3.2 or later; not used without that."),
  })
  .refine(({ topics, kafka: found }) => topics !== "kafka" || found !== undefined, {
    message: "`topics: kafka` needs `kafka: { brokers: [HOST:PORT] }` beside it",
    path: ["kafka"],
  });

/** The secrets that are named for Kafka, and where in the document. */
export function secretsOf(
  storage: z.output<typeof storageSchema>,
): readonly (readonly [path: readonly string[], reference: SecretReference])[] {
  const { tls: encrypted, sasl: proof } = storage.kafka ?? {};
  const found: (readonly [string[], SecretReference | undefined])[] = [
    [["tls", "authority"], encrypted?.authority],
    [["tls", "certificate"], encrypted?.certificate],
    [["tls", "key"], encrypted?.key],
    proof?.mechanism === "OAUTHBEARER"
      ? [["sasl", "token"], proof.token]
      : [["sasl", "password"], proof?.password],
  ];
  return found.flatMap(([path, reference]) =>
    reference === undefined ? [] : [[["storage", "kafka", ...path], reference] as const],
  );
}
