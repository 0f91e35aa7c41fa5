/**
 * Where sealed files go for good: an object store or a file system of many machines. A store knows nothing of messages. It
 * keeps files under names that say what they hold, and one list of those that count, which is replaced on a condition.
 */
export interface ArchiveStore extends AsyncDisposable {
  /** Where it is, for messages. */
  readonly name: string;

  /**
   * Puts a file there, wholly or not at all. `once`: a name says what its file holds, so one that is there already stays.
   * `replace`: the file takes the place of an earlier one.
   * @throws Fault ARCHIVE_UNREACHABLE, ARCHIVE_REFUSED
   */
  put(path: string, file: LocalFile, how: "once" | "replace", signal: AbortSignal): Promise<void>;

  /**
   * Bytes of a file, exactly as many as asked for.
   * @throws Fault ARCHIVE_UNREACHABLE, ARCHIVE_REFUSED; ARCHIVE_DAMAGED when the file is gone or shorter
   */
  read(path: string, from: number, length: number, signal: AbortSignal): Promise<Uint8Array>;

  /** Takes a file away; one that is not there is no mistake. */
  remove(path: string, signal: AbortSignal): Promise<void>;

  /** The list of files that count; undefined before there was one. */
  readManifest(signal: AbortSignal): Promise<StoredManifest | undefined>;

  /**
   * Replaces the list if it is still of this version (undefined: if there is none), and answers its version.
   * @throws Fault ARCHIVE_CONFLICT when somebody else replaced it
   */
  writeManifest(text: string, version: string | undefined, signal: AbortSignal): Promise<string>;
}

/** A file of this machine that nobody changes any more. */
export type LocalFile = {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of its bytes, in hexadecimal digits. */
  readonly sha256: string;
};

export type StoredManifest = { readonly text: string; readonly version: string };

/** Which store, and how it is reached; what secrets say is read already. */
export type ArchiveSettings =
  | ({ readonly kind: "s3" } & S3Settings)
  | ({ readonly kind: "hdfs" } & HdfsSettings);

export type S3Settings = {
  /** `https://HOST:PORT`; that of Amazon's region when absent. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** What all names begin with, without a slash at either end; may be empty. */
  readonly prefix: string;
  /** Whether the bucket is in the path of addresses (`path`) or in the name of the host (`host`). */
  readonly addressing: "path" | "host";
  readonly key: string;
  readonly secret: string;
  /** Of a temporary key. */
  readonly token?: string | undefined;
  /** Certificates in PEM of who may vouch for the server, in place of those that Node knows. */
  readonly authority?: string | undefined;
};

export type HdfsSettings = {
  /** Name nodes, `http://HOST:9870`; the next one is asked when one does not answer or is on standby. */
  readonly nodes: readonly string[];
  /** The folder there, beginning with a slash. */
  readonly folder: string;
  /** Whose name the files are written under. */
  readonly user: string;
  readonly authority?: string | undefined;
};

/** How an archive is used. */
export type ArchiveOptions = {
  readonly store: ArchiveSettings;
  /** Milliseconds after which messages go from the archive too; undefined: never. */
  readonly retention?: number | undefined;
  /** Bytes of archived files that this machine keeps for searches. */
  readonly cacheBytes: number;
  /** Milliseconds that a search waits for archived files. */
  readonly patience: number;
};
