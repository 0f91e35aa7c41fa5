/**
 * Every way in which Metron can fail, with the HTTP status that a client gets and what its operator can do. The reference
 * page docs/reference/errors.md is printed from this table.
 */
export const FAULTS = {
  ALERTS_UNCOPIED: {
    status: 503,
    advice:
      "Do what the message says: see to it that OpenSearch runs, can be reached and takes documents. Files answer searches of alerts meanwhile, nothing is lost, and what waits is copied by itself.",
  },
  ANSWER_INVALID: {
    status: 500,
    advice: "Use the command line and the page that came with the server: they have different versions.",
  },
  ARCHIVE_CONFLICT: {
    status: 409,
    advice:
      "Do what the message says: give each installation an archive of its own. Nothing in the archive is changed until then, and files stay on this machine.",
  },
  ARCHIVE_DAMAGED: {
    status: 500,
    advice:
      "Restore the file that the message names in the archive, from an earlier version of it where the store keeps these.",
  },
  ARCHIVE_REFUSED: {
    status: 502,
    advice:
      "Do what the message says: correct the keys, the bucket or folder, or the certificate under `storage`, and restart. Files wait on this machine meanwhile.",
  },
  ARCHIVE_UNREACHABLE: {
    status: 503,
    advice:
      "Check that the archive that `storage` names runs and can be reached. Files wait on this machine meanwhile, and it is tried again by itself.",
  },
  ARCHIVE_UNREAD: {
    status: 503,
    advice:
      "Ask again in a moment, or about a shorter time or fewer sensors. To reach more of the archive in one answer, raise `archive.seconds` and `archive.cacheBytes`.",
  },
  BACKUP_DAMAGED: {
    status: 500,
    advice: "Take another backup. Nothing was restored from this one.",
  },
  CAPTURE_REFUSED: {
    status: 503,
    advice:
      "Do what the message says: install tcpdump, give it the right to capture, or name another interface.",
  },
  CAPTURE_UNREADABLE: {
    status: 415,
    advice: "Send pcap, pcapng or a sequence file, packed with gzip or zstd or not.",
  },
  CATALOGUE_LOST: {
    status: 500,
    advice:
      "Run `metron index rebuild`, which finds the messages of files and topics again. Nothing was deleted.",
  },
  CONFIG_INVALID: { status: 422, advice: "Correct the named place in the document and publish it again." },
  CONFIG_CONFLICT: {
    status: 409,
    advice: "Read the current version, apply the change to it and publish again.",
  },
  CONFIG_NOT_FOUND: { status: 404, advice: "List the documents with `metron config list`." },
  CONFIG_NOT_IN_FORCE: {
    status: 503,
    advice:
      "Look at the process that the message names: whether it runs, reaches Kafka, and has the modules, files and secrets that the documents name. It takes the documents over by itself, or when it is started again.",
  },
  DISK_FULL: { status: 507, advice: "Free space or move the data folder; intake resumes by itself." },
  EXPRESSION_STOPPED: {
    status: 422,
    advice: "Make the expression do less: shorter lists and texts, fewer loops inside loops.",
  },
  FILES_UNLISTED: {
    status: 500,
    advice:
      "Run `metron index rebuild`, which adds the files to the index, each message once. Nothing was deleted.",
  },
  FILE_UNREADABLE: {
    status: 500,
    advice:
      "Run `metron index rebuild`, which makes the messages of the file again, or restore the file from a backup and restart.",
  },
  FOLDER_UNWRITABLE: {
    status: 500,
    advice: "Give the user account that runs Metron write access to the folder.",
  },
  HOST_REFUSED: {
    status: 403,
    advice:
      "Listen on 127.0.0.1, and reach it through an SSH tunnel or a reverse proxy that asks for a password; docs/guide/network.md shows both.",
  },
  INDEX_REFUSED: {
    status: 502,
    advice:
      "Correct what the message names: the password or API key, the certificate, the rights of the user, or what others have set up under the names of Metron's indices. Telemetry waits in its topic meanwhile.",
  },
  INDEX_BEHIND: {
    status: 503,
    advice:
      "Search again in a while. If it stays so, check that OpenSearch answers; it may need more nodes, or less telemetry.",
  },
  INDEX_UNREACHABLE: {
    status: 503,
    advice: "Check that OpenSearch runs and can be reached. Telemetry waits in its topic meanwhile.",
  },
  INPUT_UNREADABLE: { status: 400, advice: "Check the path and its permissions." },
  KAFKA_REFUSED: {
    status: 500,
    advice:
      "Do what the message says: correct the user, the secret or the certificate under `storage.kafka`, or in the source or sink, or have the rights given. What waits goes on by itself.",
  },
  KAFKA_UNREACHABLE: {
    status: 503,
    advice:
      "Check that the brokers run and that `storage.kafka.brokers`, or those of the source or sink, name them. Telemetry waits meanwhile, and the platform tries again by itself.",
  },
  MEDIA_UNSUPPORTED: {
    status: 415,
    advice: "Send JSON, NDJSON or plain lines, as UTF-8, gzip or not.",
  },
  MESSAGE_AMBIGUOUS: {
    status: 409,
    advice:
      "Several messages have this guid; an earlier version stored them. Search for the guid to read them. They cannot be changed.",
  },
  MESSAGES_LOST: {
    status: 500,
    advice:
      "Only a backup of their files can bring these messages back. `metron index rebuild --forget-lost` removes this notice.",
  },
  MIGRATION_CONFLICT: {
    status: 409,
    advice:
      "The data folder is as it was. Name a prefix (and a name) in the document that nobody else uses, give the move up with `metron migrate --give-up`, and begin it again.",
  },
  MIGRATION_UNFINISHED: {
    status: 409,
    advice:
      "Finish it with `metron migrate --to FILE`, with the same file, or go on without it after `metron migrate --give-up`.",
  },
  NOT_FOUND: { status: 404, advice: "Check the name." },
  PATH_NOT_ALLOWED: {
    status: 422,
    advice:
      "Put the file below a folder that the platform may read, or allow its folder at the start with --files-from, --functions-from or --secrets-from.",
  },
  PERMISSION_NEEDED: {
    status: 403,
    advice: "Ask an administrator for the permission for packets that the message names.",
  },
  PORT_IN_USE: { status: 500, advice: "Stop the other program or choose another port in metron.yaml." },
  PROCESS_REFUSED: {
    status: 502,
    advice:
      "Bring all processes of the installation to one version. If they are, report it with the log of the process that the message names.",
  },
  PROCESS_REPLACED: {
    status: 503,
    advice:
      "Two processes have the same host name and data folder, as copies of a machine or a volume do. Give one of them another, and start this one again.",
  },
  PROCESS_SILENT: {
    status: 503,
    advice:
      "Look whether the process runs and reaches Kafka, and start it again. What it read is read on by others, or by itself once it is back. One that does not come back is forgotten after a day.",
  },
  PROGRAM_MISSING: {
    status: 501,
    advice: "Install the program that the message names on the machine of the platform.",
  },
  QUERY_INVALID: { status: 400, advice: "Correct the query, at the marked place where one is marked." },
  RECORDS_DROPPED: {
    status: 503,
    advice: "Send over TCP, which makes senders wait. Or send less, or give the platform more cores.",
  },
  RECORDS_WAITING: {
    status: 500,
    advice:
      "Publish the sensor's document again, or roll it back to an earlier version; reading then continues where it stopped. To give the records up, stop the platform and delete the folder of the topic.",
  },
  REQUEST_INVALID: { status: 400, advice: "Correct what the message names, and try again." },
  RESULT_EXPIRED: {
    status: 404,
    advice:
      "Ask for the packets again: with `metron pcap query` and the same filter, or with Search again on the page. To keep results longer, raise `packets.queries.hours` and `packets.queries.bytes` in the global document.",
  },
  ROLE_NEEDED: {
    status: 403,
    advice:
      "Ask an administrator for the role that the message names. From another machine, come through an SSH tunnel or a reverse proxy that asks for a password; docs/guide/network.md shows both.",
  },
  SEARCH_BUSY: {
    status: 503,
    advice: "Try again in a moment. The status shows how many searches run and wait.",
  },
  SEARCH_LIMIT: {
    status: 422,
    advice:
      "Ask about a shorter time, fewer sensors or fewer values, or raise `search` and `memory` in metron.yaml.",
  },
  ROLE_REFUSED: {
    status: 409,
    advice:
      "Share topics, tables and index as docs/guide/operations.md shows, or run everything in one process with `metron up`.",
  },
  SEAL_FAILED: {
    status: 500,
    advice:
      "Fix what the message names. Messages stay in memory and in their topics, and sealing is tried again.",
  },
  SEGMENT_REFUSED: {
    status: 500,
    advice:
      "Nothing is lost, because the messages were written in another way. Report the file that the message names, then delete it.",
  },
  SENSOR_UNKNOWN: { status: 404, advice: "List the sensors with `metron sensors`." },
  PROFILES_STOPPED: {
    status: 503,
    advice:
      "Fix what the message names; if it names nothing of yours, report it with the log. What profiles are to count waits in its topic meanwhile, and the platform tries again every second.",
  },
  SENSOR_STOPPED: {
    status: 503,
    advice:
      "Fix what the message names; if it names nothing of yours, report it with the log. Telemetry waits in its topic meanwhile, and the platform tries again every second.",
  },
  SERVER_UNREACHABLE: {
    status: 503,
    advice:
      "Check the address, and that the platform runs there: `metron up`, or `metron server` where there are several processes.",
  },
  SINK_UNREACHABLE: {
    status: 503,
    advice: "Check that the target runs. Telemetry waits in its topic meanwhile.",
  },
  SOURCE_STOPPED: {
    status: 503,
    advice:
      "Fix what the message names. The platform then opens the source by itself; other sensors are not affected.",
  },
  STARTING: {
    status: 503,
    advice: "Wait some seconds. Started with `--verbose`, the process logs what takes long.",
  },
  STORAGE_CORRUPT: {
    status: 500,
    advice:
      "Restore the file that the message names from a backup; docs/guide/storage.md says what each file holds.",
  },
  STORAGE_LOCKED: {
    status: 500,
    advice:
      "Another Metron uses this data folder. Stop the process that the message names (`kill NUMBER`), or use another folder.",
  },
  STORAGE_NEWER: {
    status: 500,
    advice:
      "Start the version of Metron that wrote the folder, or a later one. Or restore the data folder from a backup that an older version made.",
  },
  TABLE_LOST: {
    status: 500,
    advice:
      "Load its lists again (`metron intel load`), or stop the platform and restore the file from a backup.",
  },
  TABLE_STALE: {
    status: 503,
    advice:
      "Check that the brokers run and can be reached. What was last heard stays in use, changes are refused, and it is brought up to date by itself unless the message says otherwise.",
  },
  TABLE_TOPIC_LOST: {
    status: 500,
    advice:
      "Restore the topic. Or, to go on with another, stop every process of the installation, delete the copies in their data folders, start them, and load the lists or publish the documents again. The copies of tables are in `tables/kafka`, that of the configuration is `config/shared.mdb`; without it the documents that the first of them had before are in force.",
  },
  TABLE_UNKNOWN: { status: 404, advice: "List the tables with `metron intel list`." },
  TOPICS_SILENT: {
    status: 503,
    advice:
      "Check that what keeps the topics (`storage.topics`) runs and can be reached. Telemetry waits meanwhile.",
  },
  TOPIC_LOST: {
    status: 500,
    advice:
      "Nothing more is read of it, so that no record is passed over unseen. Restore the topic, or give the sensor another name, which gets a topic of its own. A source that reads a topic of others says what to write to read it anew.",
  },
  TOO_BUSY: { status: 429, advice: "Try again in a moment." },
  TOO_LARGE: { status: 413, advice: "Split the input." },
  WORKERS_MISSING: {
    status: 503,
    advice:
      "Start `metron worker` on some machine with the same Kafka, prefix and name. What was accepted is durable and is read then.",
  },
} as const satisfies Record<string, { status: number; advice: string }>;

export type FaultCode = keyof typeof FAULTS;

/**
 * A named failure of the system or a request, as opposed to bad data (`Rejection`) and to a bug (anything else that
 * is thrown). The message says what was being done and to what: "opening geo database x.mmdb: not an MMDB file".
 */
export class Fault extends Error {
  readonly code: FaultCode;
  /** Further facts for the client, such as line and column of a mistake. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** What to do about it: a sentence. */
  readonly advice: string;

  /** @param options `advice`: what to do in this case, where the advice of the code would mislead. */
  constructor(
    code: FaultCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown>; advice?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.code = code;
    this.details = options.details;
    this.advice = options.advice ?? FAULTS[code].advice;
  }

  get status(): number {
    return FAULTS[this.code].status;
  }
}

/** A failure as it travels between threads. */
export type Failure = { readonly code: FaultCode; readonly message: string };

/** What to tell of anything that was thrown; `otherwise` is the code of what has none. */
export function failureOf(error: unknown, otherwise: FaultCode): Failure {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: isDiskFull(error) ? "DISK_FULL" : otherwise, message };
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/**
 * Whether an error comes from outside the telemetry at hand: a named failure, the system, or a store's own code. The
 * same records will pass once it is gone, so they must wait; any other error is theirs or ours and comes again.
 */
export function isOutside(error: unknown): boolean {
  if (error instanceof Fault) return true;
  if (!(error instanceof Error) || !("code" in error)) return false;
  // Node's own checks of arguments have codes too (ERR_STRING_TOO_LONG): they judge the record.
  return typeof error.code === "number" || !String(error.code).startsWith("ERR_");
}
