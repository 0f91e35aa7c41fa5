import { z } from "zod";
import { Fault } from "../core/fault.ts";
import { secretSchema } from "../core/secret-schema.ts";
import { endpointsConfig } from "../models/http/endpoints.ts";
import { archiveSchema } from "./archive-schema.ts";
import { oneNamed } from "./named.ts";
import { storageSchema } from "./storage-schema.ts";
import { checkDocument, type Document, readYaml } from "./yaml.ts";

/** The document for everything that is not one sensor's: `metron.yaml`. Free keys go under `global`. */
export const globalSchema = z.strictObject({
  server: z
    .strictObject({
      host: z
        .string()
        .default("127.0.0.1")
        .describe(
          "Address the server listens on. Others than this machine's own are refused until there are accounts, unless `--allow-anyone-on-the-network` is given at the start.",
        ),
      port: z
        .number()
        .int()
        .min(0)
        .max(65535)
        .default(8765)
        .describe("Port of page and API; 0 picks a free one."),
      names: z
        .array(
          z
            .string()
            .toLowerCase()
            .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "expected a host name, such as metron.example.org"),
        )
        .default([])
        .describe(
          "Host names under which a reverse proxy offers the page. Requests for other names are refused, as a hostile page could have made its name point here.",
        ),
    })
    .prefault({})
    .describe("The HTTP server."),
  workers: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe("Pipeline worker threads; one per core when left out."),
  memory: z
    .strictObject({
      index: z.number().int().min(64e6).default(512e6).describe("Bytes the engine of the index may use."),
    })
    .prefault({})
    .describe("Memory limits."),
  search: z
    .strictObject({
      seconds: z
        .number()
        .min(0.1)
        .max(3600)
        .default(30)
        .describe("How long a search may work; it is then ended, and its answer says so."),
      concurrent: z
        .int()
        .min(1)
        .max(64)
        .default(4)
        .describe("Searches that work at a time; half of the places are kept for quick ones."),
      waiting: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .describe("Searches that wait for a place; further ones are told to come again."),
      temporaryBytes: z
        .number()
        .int()
        .min(0)
        .default(2e9)
        .describe("Disk that searches may use for what does not fit into `memory.index`."),
    })
    .prefault({})
    .describe("Limits of searches; they are read when the platform starts."),
  seal: z
    .strictObject({
      seconds: z.number().positive().default(30).describe("Age at which hot telemetry is sealed to Parquet."),
      rows: z.number().int().positive().default(131072).describe("Messages at which it is."),
    })
    .prefault({})
    .describe("When hot telemetry is sealed to disk."),
  stop: z
    .strictObject({
      seconds: z
        .number()
        .positive()
        .max(3600)
        .default(10)
        .describe("How long a stop may take to index what was accepted; the rest is read at the next start."),
    })
    .prefault({})
    .describe("How the platform ends."),
  storage: storageSchema
    .prefault({})
    .describe("Which engines keep raw records and messages; read when the platform starts."),
  archive: archiveSchema
    .prefault({})
    .describe("What of the archive is kept and searched; read when the platform starts."),
  topics: z
    .strictObject({
      retentionHours: z.number().positive().default(72).describe("How long raw records stay replayable."),
      retentionBytes: z
        .number()
        .positive()
        .default(20e9)
        .describe("Bytes of raw records kept per topic at the most."),
      partitions: z
        .int()
        .min(1)
        .max(256)
        .optional()
        .describe(
          "Partitions of the topic of a sensor that does not say: as many worker threads can share it. When left out, as many as `workers`; where processes share topics and that is left out too, 8.",
        ),
    })
    .prefault({})
    .describe("Durable topics of raw records."),
  packets: z
    .strictObject({
      bytes: z
        .number()
        .int()
        .min(64e6)
        .optional()
        .describe(
          "Bytes of packets and their indices kept at the most, the oldest go first; 10 GB when left out, or a quarter of the disk where that is less.",
        ),
      hours: z
        .number()
        .positive()
        .optional()
        .describe("How long packets are kept at the most; as long as there is room when left out."),
      compress: z
        .boolean()
        .default(false)
        .describe("Whether packets are compressed (zstd). It takes time that fast links do not leave."),
      secret: secretSchema
        .optional()
        .describe(
          "Where the secret is that packets are encrypted with (AES-256-GCM). Keep it: without it they cannot be read. They are not encrypted when it is left out.",
        ),
      queries: z
        .strictObject({
          concurrent: z
            .int()
            .min(1)
            .max(16)
            .default(2)
            .describe("Queries for packets that run at a time, each in a thread of its own."),
          perPerson: z
            .int()
            .min(1)
            .max(100)
            .default(8)
            .describe("Queries of one person that run or wait at the same time."),
          bytes: z
            .number()
            .int()
            .min(16e6)
            .default(4e9)
            .describe(
              "Bytes that the results of all queries may take; those that expire first go for new ones.",
            ),
          hours: z
            .number()
            .positive()
            .default(24)
            .describe("How long a result is kept after its query has ended."),
        })
        .prefault({})
        .describe("Queries for packets and what they find; read when the platform starts."),
    })
    .prefault({})
    .describe("Captured packets; these settings are read when the platform starts."),
  models: endpointsConfig
    .prefault({})
    .describe("Models that run as HTTP services: expressions ask them by MAAS_MODEL_APPLY."),
  timeZone: z.string().default("UTC").describe("Zone of dates that name none."),
  databases: z
    .strictObject({
      city: z
        .string()
        .optional()
        .describe(
          "A city database of your own in MaxMind's format (.mmdb), below `databases` in the data folder; the free one when left out.",
        ),
      asn: z
        .string()
        .optional()
        .describe(
          "An ASN database of your own in MaxMind's format (.mmdb), below `databases` in the data folder; the free one when left out.",
        ),
    })
    .prefault({})
    .describe("Geographic databases; the free ones that come with Metron when left out."),
  hosts: z
    .array(z.record(z.string(), z.unknown()))
    .default([])
    .describe("Known hosts for the host enrichment: `ip` and what is known of it."),
  validations: z
    .array(oneNamed("validations"))
    .default([])
    .describe("Validations of every sensor's messages."),
  functions: z
    .array(z.string())
    .default([])
    .describe(
      "What adds Stellar functions: files of definitions, modules (.ts, .js) or packages; paths begin at the data folder and lead into its `functions` or a folder allowed at the start. Read again whenever this document is published.",
    ),
  extensions: z
    .array(z.string())
    .default([])
    .describe(
      "Packages that add parsers, enrichments, functions and other components: folders, or packages that are installed in `extensions` of the data folder. Paths begin at the data folder and lead into its `extensions` or a folder allowed at the start. Read again whenever this document is published.",
    ),
  global: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "Free values, visible to Stellar as the global configuration. In place of a credential write where it is: `secret: { file: PATH }` or `secret: { env: METRON_SECRET_NAME }`.",
    ),
});

export type GlobalDocument = z.output<typeof globalSchema>;

/** The document read last: it is asked for often, changes seldom, and a list of hosts makes it long. */
let last: { readonly text: string; readonly name: string; readonly placed: PlacedGlobal } | undefined;

/** Reads the global document. Throws Fault CONFIG_INVALID naming the place of each mistake. */
export function readGlobal(text: string, name: string): GlobalDocument {
  return readPlacedGlobal(text, name).global;
}

/** The first key of a text that is an option of the global document, and where it is; undefined for a text without one. */
export function firstGlobalKey(
  text: string,
): { readonly key: string; readonly line: number; readonly column: number } | undefined {
  try {
    const { data, place } = readYaml(text, "");
    const keys = typeof data === "object" && data !== null ? Object.keys(data) : [];
    const key = keys.find((each) => Object.hasOwn(globalSchema.shape, each));
    return key === undefined ? undefined : { key, ...place([key]) };
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** The global document, and where its parts are in the text. */
export type PlacedGlobal = { readonly global: GlobalDocument; readonly document: Document };

/** Does what `readGlobal` does, for messages about mistakes found later. */
export function readPlacedGlobal(text: string, name: string): PlacedGlobal {
  if (last?.text === text && last.name === name) return last.placed;
  const document = readYaml(text, name);
  const placed = { global: checkDocument(globalSchema, document, name), document };
  last = { text, name, placed };
  return placed;
}
