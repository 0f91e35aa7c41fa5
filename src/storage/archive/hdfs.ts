import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { Dispatcher } from "undici";
import { Fault } from "../../core/fault.ts";
import type { ArchiveStore, HdfsSettings, LocalFile, StoredManifest } from "./contract.ts";
import { type Answer, isTemporary, Sender, shortened, Temporary } from "./sender.ts";

const MANIFEST = "_manifest.json";
/** Bytes of a file that are sent at a time. */
const STEP = 1 << 18;
/** Milliseconds after which a draft of the list was left by a writer that has ended: writing one takes moments. */
const ABANDONED = 60_000;

type Status = { readonly length: number; readonly modificationTime: number };

/** What a name node says of a failure. */
type Remote = { readonly exception: string; readonly message: string };

const TEMPORARY = /^(StandbyException|SafeModeException|RetriableException|IOException)$/;

/** Opens a folder of HDFS through WebHDFS. Nothing is sent yet. API: Apache Hadoop, WebHDFS REST API. */
export function openHdfs(settings: HdfsSettings): ArchiveStore {
  return new HdfsStore(settings);
}

class HdfsStore implements ArchiveStore {
  readonly name: string;
  readonly #settings: HdfsSettings;
  readonly #sender: Sender;
  readonly #folder: string;
  /** The name node that answered last. */
  #node = 0;

  constructor(settings: HdfsSettings) {
    this.#settings = settings;
    this.#folder = settings.folder.replace(/\/+$/, "");
    this.name = `${settings.nodes.map((node) => node.replace(/\/+$/, "")).join(", ")}${this.#folder}`;
    this.#sender = new Sender(this.name, "storage.hdfs", settings.authority);
  }

  async put(path: string, file: LocalFile, how: "once" | "replace", signal: AbortSignal): Promise<void> {
    if (how === "once") {
      const found = await this.#status(path, signal);
      if (found?.length === file.bytes) return;
      if (found !== undefined)
        throw new Fault(
          "ARCHIVE_DAMAGED",
          `archiving ${path}: the archive at ${this.name} has ${found.length} bytes under this name instead of ${file.bytes}; somebody else wrote it`,
        );
    }
    // Other engines pass over names that begin with `_`, so half of a file is nobody's data.
    const draft = draftOf(path);
    await this.#create(draft, { file }, true, signal);
    await this.#checkLength(draft, file.bytes, signal);
    await this.#rename(draft, path, signal);
  }

  async read(path: string, from: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const query = { op: "OPEN", offset: String(from), length: String(length) };
    return await this.#sender.attempt(async (turn) => {
      const answer = await this.#follow("GET", path, query, turn, signal);
      if (isGone(answer)) throw damaged(path, this.name, "it is gone");
      this.#check(answer);
      if (answer.body.length === length) return answer.body;
      const status = await this.#status(path, signal);
      if (status !== undefined && status.length < from + length)
        throw damaged(path, this.name, `it has ${status.length} bytes and should have ${from + length}`);
      throw new Temporary(`${path} was cut off: ${answer.body.length} bytes came instead of ${length}`);
    }, signal);
  }

  async remove(path: string, signal: AbortSignal): Promise<void> {
    await this.#ask("DELETE", path, { op: "DELETE" }, signal);
  }

  async readManifest(signal: AbortSignal): Promise<StoredManifest | undefined> {
    const status = await this.#status(MANIFEST, signal);
    if (status === undefined) return undefined;
    if (status.length === 0) return { text: "", version: versionOf("") };
    const text = Buffer.from(await this.read(MANIFEST, 0, status.length, signal)).toString("utf8");
    return { text, version: versionOf(text) };
  }

  /** A draft that is made only where there is none keeps others out until it takes the place of the list. */
  async writeManifest(text: string, version: string | undefined, signal: AbortSignal): Promise<string> {
    const draft = draftOf(MANIFEST);
    const before = await this.#status(draft, signal);
    if (before !== undefined && Date.now() - before.modificationTime > ABANDONED)
      await this.remove(draft, signal);
    await this.#create(draft, { text }, false, signal);
    const now = await this.readManifest(signal);
    if (now?.version !== version) {
      await this.remove(draft, signal);
      throw this.#conflict();
    }
    await this.#checkLength(draft, Buffer.byteLength(text), signal);
    await this.#rename(draft, MANIFEST, signal);
    return versionOf(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender[Symbol.asyncDispose]();
  }

  /** Writes a file; folders above it are made. @param overwrite whether one that is there goes */
  async #create(
    path: string,
    { file, text }: { readonly file?: LocalFile; readonly text?: string },
    overwrite: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const query = { op: "CREATE", overwrite: String(overwrite) };
    await this.#sender.attempt(async (turn) => {
      const make = () =>
        file === undefined
          ? Buffer.from(text ?? "")
          : createReadStream(file.path, { end: file.bytes - 1, highWaterMark: STEP });
      // A second turn may meet what the first one made.
      const again = { ...query, overwrite: String(overwrite || turn > 0) };
      const answer = await this.#follow("PUT", path, again, turn, signal, make, file?.bytes);
      if (remoteOf(answer.body)?.exception === "FileAlreadyExistsException") throw this.#conflict();
      this.#check(answer);
    }, signal);
  }

  async #checkLength(path: string, bytes: number, signal: AbortSignal): Promise<void> {
    const status = await this.#status(path, signal);
    if (status?.length === bytes) return;
    throw new Fault(
      "ARCHIVE_UNREACHABLE",
      `archiving to ${this.name}: ${status?.length ?? 0} bytes of ${path} arrived instead of ${bytes}`,
    );
  }

  async #rename(from: string, to: string, signal: AbortSignal): Promise<void> {
    const destination = `${this.#folder}/${to}`;
    await this.#ask(
      "PUT",
      from,
      { op: "RENAME", destination, renameoptions: "OVERWRITE" },
      signal,
      async () => {
        // An earlier turn did it, and its answer was lost.
        const [source, target] = [await this.#status(from, signal), await this.#status(to, signal)];
        return source === undefined && target !== undefined;
      },
    );
  }

  async #status(path: string, signal: AbortSignal): Promise<Status | undefined> {
    const answer = await this.#ask("GET", path, { op: "GETFILESTATUS" }, signal);
    if (isGone(answer)) return undefined;
    const { FileStatus } = JSON.parse(answer.body.toString("utf8")) as { FileStatus: Status };
    return FileStatus;
  }

  /** Asks the name node. What is not found is an answer. @param isDone says of a failed request whether it was done before */
  #ask(
    method: Dispatcher.HttpMethod,
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    isDone?: () => Promise<boolean>,
  ): Promise<Answer> {
    return this.#sender.attempt(async (turn) => {
      const answer = await this.#sender.send(
        { method, url: this.#url(path, query, turn), headers: {} },
        signal,
      );
      if (turn > 0 && answer.status >= 400 && (await isDone?.()) === true) return answer;
      if (!isGone(answer) || isDone !== undefined) this.#check(answer);
      return answer;
    }, signal);
  }

  /** Asks the name node where, and the data node that it names. */
  async #follow(
    method: Dispatcher.HttpMethod,
    path: string,
    query: Readonly<Record<string, string>>,
    turn: number,
    signal: AbortSignal,
    make?: () => Buffer | ReturnType<typeof createReadStream>,
    length?: number,
  ): Promise<Answer> {
    const first = await this.#sender.send({ method, url: this.#url(path, query, turn), headers: {} }, signal);
    const { location } = first.headers;
    if (first.status !== 307 || typeof location !== "string") return first;
    const body = make?.();
    const headers: Record<string, string> =
      body === undefined
        ? {}
        : {
            "content-type": "application/octet-stream",
            ...(length !== undefined && { "content-length": String(length) }),
          };
    try {
      const request = { method, url: location, headers, body };
      return await (body === undefined
        ? this.#sender.send(request, signal)
        : this.#sender.sendUnasked(request, signal));
    } finally {
      if (body !== undefined && !Buffer.isBuffer(body)) {
        body.destroy();
        await finished(body).catch(() => undefined);
      }
    }
  }

  #url(path: string, query: Readonly<Record<string, string>>, turn: number): string {
    const { nodes, user } = this.#settings;
    // Another turn asks the next name node: the one before is gone, or on standby.
    if (turn > 0) this.#node++;
    const node = nodes[this.#node % nodes.length]?.replace(/\/+$/, "");
    const place = `${this.#folder}/${path}`.split("/").map(encodeURIComponent).join("/");
    return `${node}/webhdfs/v1${place}?${new URLSearchParams({ ...query, "user.name": user })}`;
  }

  #check({ status, body }: Answer): void {
    if (status < 300) return;
    const remote = remoteOf(body);
    const said = shortened(remote === undefined ? body.toString("utf8", 0, 4096) : remote.message);
    const { exception = "" } = remote ?? {};
    if (TEMPORARY.test(exception) || (remote === undefined && isTemporary(status)))
      throw new Temporary(`it answers ${status}: ${said}`);
    const fault = (what: string) =>
      new Fault("ARCHIVE_REFUSED", `the archive at ${this.name} refuses a request (${status}): ${what}`, {
        details: { status, exception, reason: said },
      });
    if (status === 401)
      throw fault(
        "it wants Kerberos or another proof of who asks, which Metron has none of; allow `user.name`",
      );
    if (exception === "AccessControlException")
      throw fault(
        `${said}; let \`storage.hdfs.user\` (${this.#settings.user}) write to the folder, or name another user`,
      );
    if (/QuotaExceeded/.test(exception))
      throw fault(`${said}; raise the quota, or shorten \`archive.retentionDays\``);
    if (status === 404 && remote === undefined)
      throw fault("there is no WebHDFS at this address; correct `storage.hdfs.nodes`");
    if (isTemporary(status)) throw new Temporary(`it answers ${status}: ${said}`);
    throw fault(said || "it does not say why");
  }

  #conflict(): Fault {
    return new Fault(
      "ARCHIVE_CONFLICT",
      `writing ${MANIFEST} of the archive at ${this.name}: somebody else writes it too`,
    );
  }
}

function draftOf(path: string): string {
  const parts = path.split("/");
  return [...parts.slice(0, -1), `_${parts.at(-1)}.tmp`].join("/");
}

function versionOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isGone({ status, body }: Answer): boolean {
  return status === 404 && remoteOf(body)?.exception === "FileNotFoundException";
}

function damaged(path: string, name: string, what: string): Fault {
  return new Fault("ARCHIVE_DAMAGED", `reading ${path} of the archive at ${name}: ${what}`);
}

function remoteOf(body: Buffer): Remote | undefined {
  if (body.length === 0 || body[0] !== 0x7b) return undefined;
  try {
    return (JSON.parse(body.toString("utf8")) as { RemoteException?: Remote }).RemoteException;
  } catch {
    return undefined;
  }
}
