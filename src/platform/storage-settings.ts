import { statfsSync } from "node:fs";
import type { GlobalDocument } from "../config/global.ts";
import { Fault } from "../core/fault.ts";
import type { SecretReference } from "../core/secret.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import type { KafkaAccess, StorageOptions } from "../storage/storage.ts";
import { refusalOf } from "./check-places.ts";
import { secretReader } from "./services/secrets.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
/** Bytes of packets when the document does not say, and the part of the disk that they are at the most. */
const PACKET_BYTES = 10e9;
const PART_OF_DISK = 4;

/**
 * How the global document wants the data folder to be opened.
 * @throws Fault CONFIG_INVALID when a secret cannot be read: to go on without it is what nobody asked for.
 */
export function storageSettings(
  { storage, memory, seal, search, packets, archive }: GlobalDocument,
  data: string,
  allow: AllowPath,
): StorageOptions {
  const kafka = kafkaAccess(storage, allow);
  return {
    folder: data,
    kafka: storage.topics === "kafka" ? kafka : undefined,
    kafkaTables: storage.tables === "kafka" ? kafka : undefined,
    index: {
      memory: memory.index,
      sealRows: seal.rows,
      sealAge: seal.seconds * SECOND,
      concurrent: search.concurrent,
      waiting: search.waiting,
      searchTime: search.seconds * SECOND,
      temporaryBytes: search.temporaryBytes,
    },
    archive: archiveOf(storage, archive, allow),
    openSearch: storage.index === "opensearch" ? openSearchOf(storage.opensearch, allow) : undefined,
    alerts: storage.alerts === "opensearch" ? openSearchOf(storage.opensearch, allow) : undefined,
    packets: {
      bytes: packets.bytes ?? Math.min(PACKET_BYTES, partOfDisk(data)),
      age: packets.hours === undefined ? undefined : packets.hours * HOUR,
      compress: packets.compress,
      secret: packets.secret && secretOf(packets.secret, allow, "packets"),
    },
  };
}

/** How the Kafka is reached that is named; undefined when none is. */
export function kafkaAccess({ kafka }: GlobalDocument["storage"], allow: AllowPath): KafkaAccess | undefined {
  return kafka === undefined ? undefined : { settings: kafka, readSecret: secretReader(allow) };
}

/** How OpenSearch is reached, with what its secrets say. */
function openSearchOf(
  settings: GlobalDocument["storage"]["opensearch"],
  allow: AllowPath,
): StorageOptions["openSearch"] {
  if (settings === undefined) return undefined;
  const { user, secret, authority, ...others } = settings;
  const text = secret && secretOf(secret, allow, "OpenSearch");
  const basic = user === undefined ? undefined : Buffer.from(`${user}:${text}`).toString("base64");
  return {
    ...others,
    authorization: basic !== undefined ? `Basic ${basic}` : text && `ApiKey ${text}`,
    authority: authority && secretOf(authority, allow, "OpenSearch"),
  };
}

/** Where sealed files are copied to, with what its secrets say. */
function archiveOf(
  { archive: kind, s3, hdfs }: GlobalDocument["storage"],
  { retentionDays, cacheBytes, seconds }: GlobalDocument["archive"],
  allow: AllowPath,
): StorageOptions["archive"] {
  const limits = {
    ...{ cacheBytes, patience: seconds * SECOND },
    retention: retentionDays === undefined ? undefined : retentionDays * DAY,
  };
  if (kind === "s3" && s3 !== undefined) {
    const { key, secret, token, authority, ...others } = s3;
    const store = {
      ...others,
      ...{ kind, key: secretOf(key, allow, "S3"), secret: secretOf(secret, allow, "S3") },
      token: token && secretOf(token, allow, "S3"),
      authority: authority && secretOf(authority, allow, "S3"),
    };
    return { ...limits, store };
  }
  if (kind !== "hdfs" || hdfs === undefined) return undefined;
  const { authority, ...others } = hdfs;
  return {
    ...limits,
    store: { ...others, kind, authority: authority && secretOf(authority, allow, "HDFS") },
  };
}

function secretOf(reference: SecretReference, allow: AllowPath, of: string): string {
  const read = secretReader(allow);
  const refusal = refusalOf(() => read(reference));
  if (refusal !== undefined) throw new Fault("CONFIG_INVALID", `reading the secret of ${of}: ${refusal}`);
  return read(reference);
}

/** What is no limit, and still a number that JSON has a word for. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** A part of the file system of a folder, in bytes; no limit where it does not tell its size. */
function partOfDisk(folder: string): number {
  try {
    const { bsize, blocks } = statfsSync(folder);
    return blocks === 0 ? UNLIMITED : Math.floor((bsize * blocks) / PART_OF_DISK);
  } catch {
    return UNLIMITED;
  }
}
