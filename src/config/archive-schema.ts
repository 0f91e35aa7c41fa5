import { z } from "zod";
import { secretSchema } from "../core/secret-schema.ts";

const address = (example: string) =>
  z.url({ protocol: /^https?$/, error: `expected an address such as ${example}` });

/** How S3, or what speaks like it, is reached. Keys are named, and read when the platform starts. */
export const s3Schema = z.strictObject({
  endpoint: address("https://s3.example.org:9000")
    .optional()
    .describe("Address of the server; that of Amazon in the region when left out."),
  region: z.string().min(1).default("us-east-1").describe("Region that requests are signed for."),
  bucket: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "expected 3 to 63 lower-case letters, digits, dots and dashes",
    )
    .describe("Bucket that holds the archive; it must exist."),
  prefix: z
    .string()
    .regex(
      /^[a-zA-Z0-9._=-]+(\/[a-zA-Z0-9._=-]+)*$|^$/,
      "expected names between slashes, such as metron/berlin",
    )
    .default("metron")
    .describe("What the names of all objects begin with; each installation has its own."),
  addressing: z
    .enum(["path", "host"])
    .default("path")
    .describe(
      "Where addresses name the bucket: in their path, or as a part of the host's name, as Amazon wants it for new buckets.",
    ),
  key: secretSchema.describe("Where the access key is."),
  secret: secretSchema.describe("Where the secret of that key is."),
  token: secretSchema
    .optional()
    .describe("Where the token of a temporary key is; left out for a lasting key."),
  authority: secretSchema
    .optional()
    .describe("Certificates (PEM) of who signs that of the server; the known authorities when left out."),
});

/** How HDFS is reached through WebHDFS. */
export const hdfsSchema = z.strictObject({
  nodes: z
    .array(address("http://namenode-1:9870"))
    .min(1)
    .describe("Addresses of the name nodes' HTTP; the next one is asked when one is on standby."),
  folder: z
    .string()
    .regex(/^(\/[^/\s]+)+\/?$/, "expected a path such as /metron")
    .default("/metron")
    .describe("Folder that holds the archive; each installation has its own."),
  user: z.string().min(1).default("metron").describe("Name of the user that writes there."),
  authority: secretSchema
    .optional()
    .describe("Certificates (PEM) of who signs those of the nodes; the known authorities when left out."),
});

/** What of the archive is kept and read: `archive` of the global document. Read when the platform starts. */
export const archiveSchema = z.strictObject({
  retentionDays: z
    .number()
    .positive()
    .optional()
    .describe("Days that messages stay in the archive; for ever when left out."),
  cacheBytes: z
    .number()
    .int()
    .min(64e6)
    .default(10e9)
    .describe(
      "Bytes of archived files that are kept on this machine for searches, the longest unused go first.",
    ),
  seconds: z
    .number()
    .min(0)
    .max(3600)
    .default(10)
    .describe("How long a search waits for archived files; its answer then says what it lacks."),
});
