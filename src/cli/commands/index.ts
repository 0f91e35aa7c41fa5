import type { Command } from "commander";

/** A command: what it does in a few words, and the function that makes it with its options. */
type Entry = { readonly about: string; readonly load: () => Promise<() => Command> };

/**
 * The commands of `metron`. Each is imported when the command line names it: no command waits for what another one needs,
 * and `metron --help` needs none of them.
 */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  up: {
    about: "start the platform: intake, workers, index, page and API, in one process",
    load: async () => (await import("./up.ts")).upCommand,
  },
  server: {
    about: "start the door of an installation of several processes: intake, page and API, without workers",
    load: async () => (await import("./server.ts")).serverCommand,
  },
  worker: {
    about: "start a process that reads topics beside others and listens on nothing",
    load: async () => (await import("./worker.ts")).workerCommand,
  },
  ingest: {
    about: "read telemetry or captured packets from files or standard input",
    load: async () => (await import("./ingest.ts")).ingestCommand,
  },
  capture: {
    about: "capture packets of an interface, or take captures from files, standard input or a folder",
    load: async () => (await import("./capture.ts")).captureCommand,
  },
  "capture-host": {
    about: "start a process that captures for others, keeps packets on its disk and listens on nothing",
    load: async () => (await import("./capture-host.ts")).captureHostCommand,
  },
  index: {
    about: "repair the search index",
    load: async () => (await import("./index-rebuild.ts")).indexCommand,
  },
  backup: {
    about: "copy configuration, tables and index to a folder, while a platform runs or not",
    load: async () => (await import("./backup.ts")).backupCommand,
  },
  restore: {
    about: "make a data folder of a backup",
    load: async () => (await import("./backup.ts")).restoreCommand,
  },
  migrate: {
    about: "move raw records and index of a data folder to Kafka and OpenSearch",
    load: async () => (await import("./migrate.ts")).migrateCommand,
  },
  search: {
    about: "find messages in the index",
    load: async () => (await import("./search.ts")).searchCommand,
  },
  sensors: {
    about: "list the sensors with their rates, lag and rejections",
    load: async () => (await import("./sensors.ts")).sensorsCommand,
  },
  status: {
    about: "tell whether a platform is up, where, since when, and how it and its sensors are",
    load: async () => (await import("./status.ts")).statusCommand,
  },
  config: {
    about: "read, publish and roll back configuration",
    load: async () => (await import("./config.ts")).configCommand,
  },
  intel: {
    about: "load, look up, remove and export threat intelligence",
    load: async () => (await import("./intel.ts")).intelCommand,
  },
  pcap: {
    about: "find stored packets, look at them, write them to files",
    load: async () => (await import("./pcap.ts")).pcapCommand,
  },
  replay: {
    about: "send rejected records through their sensor again, after a fix",
    load: async () => (await import("./replay.ts")).replayCommand,
  },
  scenario: {
    about: "invent the telemetry of a company with an intrusion hidden in it; write it, or send it as a load",
    load: async () => (await import("./scenario.ts")).scenarioCommand,
  },
  stellar: {
    about: "evaluate Stellar expressions: a shell, a script, one expression, or over a stream",
    load: async () => (await import("./stellar.ts")).stellarCommand,
  },
};
