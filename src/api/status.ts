import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { packetHost } from "./packets.ts";
import { storedAsOf } from "./sensors.ts";

const amount = z.object({
  files: z.int().min(0).describe("Files."),
  messages: z.int().min(0).describe("Messages in them."),
  bytes: z.number().min(0).describe("Bytes of them."),
});

const archiveStatus = z.object({
  on: z
    .boolean()
    .describe("Whether files are archived now; what was archived before may be there all the same."),
  archived: amount.describe("What is in the archive."),
  only: amount.describe("Of this, what this machine has dropped."),
  waiting: amount.describe("What is not archived yet."),
  held: amount.describe("Of this, what this machine would drop and keeps until it is archived."),
  uploadedBytes: z.number().min(0).describe("Bytes archived since the start."),
  cacheBytes: z.number().min(0).describe("Bytes of archived files that are on this machine for searches."),
  cacheLimit: z.number().min(0).describe("Bytes they may have; beyond these the longest unused go."),
  failure: z
    .object({
      code: z.string().describe("The fault's code."),
      detail: z.string().describe("What is wrong."),
      since: z.number().describe("Since when, in epoch milliseconds."),
    })
    .optional()
    .describe("Why nothing can be archived at the moment; it is tried again."),
});

const processState = z.object({
  name: z.string().describe("The process: its machine and its data folder."),
  isSelf: z.boolean().describe("Whether it is the one that answers."),
  role: z
    .enum(["all", "server", "worker", "capture"])
    .describe(
      "What it does: everything (`metron up`), intake and answers (`metron server`), reading topics (`metron worker`), or capturing packets (`metron capture-host`).",
    ),
  version: z.string().describe("Its version; empty when it does not say."),
  startedAt: z.number().describe("When it was started, in epoch milliseconds."),
  revision: z.int().min(0).describe("How many publishes of the configuration are in force in it."),
  failure: z.string().optional().describe("Why a later publish is not; left out when none is missing."),
  silentSince: z
    .number()
    .optional()
    .describe("When it was last heard, in epoch milliseconds, if that is longer ago than it should be."),
  ready: z.boolean().describe("Whether it does what it was started for, as it says itself."),
  problems: z
    .array(
      z.object({
        code: z.string().describe("The fault's code."),
        message: z.string().describe("What is wrong."),
        sensor: z
          .string()
          .nullable()
          .describe("The sensor that it keeps from running; null when it is about none."),
      }),
    )
    .describe("What is wrong in it."),
  restarts: z.int().min(0).describe("Times that a worker thread of it died and was started again."),
  reads: z
    .array(
      z.object({
        sensor: z.string().describe("Whose topic it is."),
        partition: z.int().min(0).describe("The partition, counted from 0."),
        since: z.number().describe("Since when the process reads it, in epoch milliseconds."),
        lag: z.number().min(0).describe("Records in it that have not been read yet."),
      }),
    )
    .describe("What it reads."),
  captures: z
    .array(z.string())
    .optional()
    .describe(
      "Interfaces of its machine that it captures packets on; left out by versions that do not say it.",
    ),
});

export type ProcessState = z.output<typeof processState>;

const count = (about: string) => z.int().min(0).describe(about);

const profileState = z.object({
  name: z.string().describe("The profile."),
  entities: count("Entities that are live now."),
  routed: count("Messages that count for an entity."),
  applied: count("Messages counted; the others wait."),
  measured: count("Periods measured."),
  unmeasured: count("Periods of entities without a measurement, as an expression failed or gave nothing."),
  failed: count("Times that an expression failed, at a message or at the end of a period."),
  late: count("Messages left out as their period was over."),
  ahead: count("Messages left out as their time is too far ahead of the clock."),
  timeless: count("Messages left out as they have no time in `timestampField`."),
  refused: count(
    "Messages left out as there were too many entities, or too many waited for a period to end.",
  ),
  outgrown: count("Entities that began anew as their variables had grown too large to be kept."),
  lastError: z
    .object({
      message: z.string().describe("What failed."),
      at: z.number().describe("When, in epoch milliseconds."),
    })
    .optional()
    .describe("What failed last; left out when nothing did."),
});

export type ProfileState = z.output<typeof profileState>;

const modelState = z.object({
  sensor: z.string().describe("The sensor whose messages it scores."),
  name: z.string().describe("The model."),
  version: z.string().describe("Its version."),
  state: z
    .enum(["in force", "shadow", "replaced"])
    .describe(
      "In force: its scores are those that rules go by. Shadow: it writes beside. Replaced: no document names it so any more.",
    ),
  scored: count("Messages that it gave a score."),
  absent: count("Messages without a score."),
  reasons: z
    .record(z.string(), z.int().min(0))
    .describe("Of these by reason: the first eight that came, and `other reasons`."),
  late: count("Messages without a score as the model was not loaded in time or its answer came too late."),
  lastAt: z.number().nullable().describe("When it was asked last, in epoch milliseconds; null before."),
  lastError: z
    .object({
      message: z.string().describe("What failed."),
      at: z.number().describe("When, in epoch milliseconds."),
    })
    .optional()
    .describe(
      "What failed last: the model, an expression of a feature, or the keeping of what it learned; left out when nothing did.",
    ),
});

export type ModelState = z.output<typeof modelState>;

const platformStatus = z.object({
  health: z.enum(["ok", "degraded", "failing"]).describe("Degraded: slower or partial, but nothing is lost."),
  problems: z
    .array(
      z.object({
        code: z.string().describe("The fault's code."),
        detail: z.string().describe("What is wrong."),
        advice: z.string().describe("What to do about it."),
      }),
    )
    .describe("What is wrong now; empty when healthy."),
  version: z.string().describe("Version of the platform."),
  startedAt: z.number().describe("When the platform started."),
  stored: z.int().min(0).describe("Messages in the index."),
  asOf: storedAsOf,
  listening: z
    .array(z.string())
    .describe(
      "Where telemetry is taken besides by HTTP: sensor, source and address, as `asa/syslog udp://127.0.0.1:5515`.",
    ),
  disk: z
    .object({
      size: z.number().min(0).describe("Bytes of the file system that holds the data folder."),
      free: z.number().min(0).describe("Bytes of it that the platform may still write."),
    })
    .optional()
    .describe("Room for the data folder; left out where the system does not tell."),
  indexedPerSecond: z.number().describe("Messages per second, mean of the last ten seconds."),
  searches: z
    .object({
      running: z.int().min(0).describe("Searches at work."),
      waiting: z.int().min(0).describe("Searches that wait for a place."),
    })
    .describe("How busy searches keep the index."),
  packets: z
    .object({
      packets: z.int().min(0).describe("Packets in the store."),
      segments: z.int().min(0).describe("Files they are in."),
      bytes: z.number().min(0).describe("Bytes of packets and their indices."),
      limit: z.number().min(0).describe("Bytes they may have; beyond these the oldest go."),
      indexBytes: z.number().min(0).describe("Bytes of the indices."),
      indexedBytes: z.number().min(0).describe("Bytes of the packets that have an index so far."),
      oldest: z
        .number()
        .nullable()
        .describe("How far back packets reach, in epoch milliseconds; null while there are none."),
      newest: z.number().nullable().describe("When the newest was captured, in epoch milliseconds."),
      bytesPerSecond: z.number().min(0).describe("Bytes written per second, mean of the last hour."),
      days: z
        .number()
        .nullable()
        .describe("Days of packets that fit at the rate of the last 24 hours; null when none came in these."),
      dropped: z
        .object({
          segments: z.int().min(0).describe("Files."),
          packets: z.int().min(0).describe("Packets in them."),
          bytes: z.number().min(0).describe("Bytes of them."),
        })
        .describe("What was dropped since the start: too old, too much, or no room left."),
      hosts: z
        .array(packetHost)
        .optional()
        .describe(
          "The processes that have packets, this one among them, by name; empty where there is this one alone, left out by versions that do not say it.",
        ),
    })
    .describe("Captured packets: what this process has, and what the others told last of theirs."),
  archive: archiveStatus.optional().describe("The archive of sealed files; left out where there is none."),
  profiles: z
    .array(profileState)
    .optional()
    .describe(
      "What profiles have counted since the start, in the threads of this process; left out without profiles.",
    ),
  models: z
    .array(modelState)
    .optional()
    .describe(
      "What models have done since the start, in the threads of this process, the 500 asked last; left out without models.",
    ),
  processes: z
    .array(processState)
    .optional()
    .describe("The processes that share the configuration; left out where nothing is shared."),
  scenario: z
    .object({
      state: z
        .enum(["playing", "finished"])
        .describe("Whether telemetry of the scenario is still being sent."),
      sent: z.int().min(0).describe("Records sent so far."),
      total: z.int().min(0).describe("Records it has in all; 0 when it has no end."),
      seed: z.string().optional().describe("What it was generated from."),
    })
    .optional()
    .describe("The bundled scenario, when it is played."),
});

export type PlatformStatus = z.output<typeof platformStatus>;

export const getStatus = defineEndpoint({
  method: "GET",
  path: "/status",
  summary: "Tells the platform's health, version and what it is doing.",
  role: "open",
  response: platformStatus,
});
