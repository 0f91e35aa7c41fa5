import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { finished } from "node:stream/promises";
import aws4 from "aws4";
import type { Dispatcher } from "undici";
import { Fault } from "../../core/fault.ts";
import type { ArchiveStore, LocalFile, S3Settings, StoredManifest } from "./contract.ts";
import { type Answer, isTemporary, Sender, shortened, Temporary } from "./sender.ts";

const MANIFEST = "_manifest.json";
const EMPTY = createHash("sha256").digest("hex");
/** Bytes of a file that are sent at a time. */
const STEP = 1 << 18;

type Asked = {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent, and its SHA-256: the server refuses anything else. */
  readonly body?: LocalFile | { readonly text: string };
  /** Statuses beside those below 300 that are answers and no failures. */
  readonly expected?: readonly number[];
};

/** What S3 calls failures that may be gone in a moment, though their status does not say so. */
const TEMPORARY =
  /^(RequestTimeout|SlowDown|InternalError|ServiceUnavailable|OperationAborted|ConditionalRequestConflict)$/;

/** What to do about failures, by the names that S3 gives them. */
const CURES: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "it does not know the access key; correct `storage.s3.key`",
  SignatureDoesNotMatch: "the secret does not belong to the access key; correct `storage.s3.secret`",
  ExpiredToken: "the temporary key has expired; put a new one into `storage.s3`",
  InvalidToken: "it does not accept `storage.s3.token`; correct it, or leave it out for a lasting key",
  AccessDenied: "the key has no right to it; allow it to read, write and delete objects of the bucket",
  RequestTimeTooSkewed: "the clock of this machine or of the server is wrong; set it",
  NoSuchBucket: "the bucket does not exist; make it, or correct `storage.s3.bucket`",
  PermanentRedirect: "the bucket is elsewhere; correct `storage.s3.endpoint` and `storage.s3.region`",
  AuthorizationHeaderMalformed: "it expects another region; correct `storage.s3.region`",
  NotImplemented:
    "it lacks conditional writes (`If-None-Match`, `If-Match`), without which half of a list could be taken for the whole; use a server that has them",
  QuotaExceeded: "it has no more room for this; make room, or shorten `archive.retentionDays`",
};

/** Opens S3 or what speaks like it. Nothing is sent yet. API: Amazon S3 API Reference, Signature Version 4. */
export function openS3(settings: S3Settings): ArchiveStore {
  return new S3Store(settings);
}

class S3Store implements ArchiveStore {
  readonly name: string;
  readonly #settings: S3Settings;
  readonly #origin: URL;
  readonly #base: string;
  readonly #sender: Sender;

  constructor(settings: S3Settings) {
    const { endpoint, region, bucket, prefix, addressing, authority } = settings;
    this.#settings = settings;
    this.#origin = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
    this.name = `${this.#origin.origin}/${[bucket, prefix].filter((part) => part !== "").join("/")}`;
    if (addressing === "host") this.#origin.hostname = `${bucket}.${this.#origin.hostname}`;
    const above = this.#origin.pathname.replace(/\/+$/, "");
    const parts = [addressing === "path" ? bucket : "", prefix].filter((part) => part !== "");
    this.#base = [above, ...parts.map(encodePath)].join("/");
    this.#sender = new Sender(this.name, "storage.s3", authority);
  }

  async put(path: string, file: LocalFile, how: "once" | "replace", signal: AbortSignal): Promise<void> {
    const headers: Record<string, string> = how === "once" ? { "if-none-match": "*" } : {};
    const answer = await this.#ask("PUT", { path, headers, body: file, expected: [412] }, signal);
    if (answer.status !== 412) return;
    // It is there: its name says what it holds, so only its length is left to be looked at.
    const found = await this.#ask("HEAD", { path }, signal);
    if (Number(found.headers["content-length"]) === file.bytes) return;
    throw new Fault(
      "ARCHIVE_DAMAGED",
      `archiving ${path}: the archive at ${this.name} has ${found.headers["content-length"]} bytes under this name instead of ${file.bytes}; somebody else wrote it`,
    );
  }

  async read(path: string, from: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const range = `bytes=${from}-${from + length - 1}`;
    const { status, body } = await this.#ask(
      "GET",
      { path, headers: { range }, expected: [404, 416] },
      signal,
      ({ status, headers, body }) => {
        const whole = Number(/\/(\d+)$/.exec(String(headers["content-range"]))?.[1]);
        if (status === 206 && whole < from + length)
          throw damaged(path, this.name, `it has ${whole} bytes and should have ${from + length}`);
        if (status < 300 && body.length < length)
          throw new Temporary(`${path} was cut off: ${body.length} bytes came instead of ${length}`);
      },
    );
    if (status === 404 && codeOf(body) === "NoSuchBucket") throw this.#refusal(404, body);
    if (status === 404) throw damaged(path, this.name, "it is gone");
    if (status === 416) throw damaged(path, this.name, `it has fewer than ${from + length} bytes`);
    // A server that knows no ranges sends all of it.
    return status === 206 ? body : body.subarray(from, from + length);
  }

  async remove(path: string, signal: AbortSignal): Promise<void> {
    await this.#ask("DELETE", { path, expected: [404] }, signal);
  }

  async readManifest(signal: AbortSignal): Promise<StoredManifest | undefined> {
    const { status, headers, body } = await this.#ask("GET", { path: MANIFEST, expected: [404] }, signal);
    if (status === 404 && codeOf(body) === "NoSuchBucket") throw this.#refusal(status, body);
    return status === 404 ? undefined : { text: body.toString("utf8"), version: String(headers.etag) };
  }

  async writeManifest(text: string, version: string | undefined, signal: AbortSignal): Promise<string> {
    const headers: Record<string, string> =
      version === undefined ? { "if-none-match": "*" } : { "if-match": version };
    const asked = { path: MANIFEST, headers, body: { text }, expected: [412, 404] };
    const answer = await this.#ask("PUT", asked, signal);
    if (answer.status === 404 && codeOf(answer.body) === "NoSuchBucket")
      throw this.#refusal(answer.status, answer.body);
    if (answer.status < 300) return String(answer.headers.etag);
    throw new Fault(
      "ARCHIVE_CONFLICT",
      `writing ${MANIFEST} of the archive at ${this.name}: somebody else wrote it meanwhile`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender[Symbol.asyncDispose]();
  }

  /** @param check throws `Temporary` for an answer that is not whole. */
  #ask(
    method: Dispatcher.HttpMethod,
    asked: Asked,
    signal: AbortSignal,
    check: (answer: Answer) => void = () => undefined,
  ): Promise<Answer> {
    return this.#sender.attempt(async () => {
      const answer = await this.#send(method, asked, signal);
      const { status, body } = answer;
      const isExpected = status < 300 || asked.expected?.includes(status) === true;
      if (!isExpected && (isTemporary(status) || TEMPORARY.test(codeOf(body) ?? "")))
        if (codeOf(body) !== "NotImplemented")
          throw new Temporary(`it answers ${status}: ${shortened(reasonOf(body))}`);
      if (!isExpected) throw this.#refusal(status, body);
      check(answer);
      return answer;
    }, signal);
  }

  async #send(
    method: Dispatcher.HttpMethod,
    { path, headers: own, body }: Asked,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { key, secret, token, region } = this.#settings;
    const text = body !== undefined && "text" in body ? Buffer.from(body.text) : undefined;
    const file = body !== undefined && "path" in body ? body : undefined;
    const length = text?.length ?? file?.bytes;
    const hash = text === undefined ? file?.sha256 : createHash("sha256").update(text).digest("hex");
    const target = `${this.#base}/${encodePath(path)}`;
    const { headers } = aws4.sign(
      {
        ...{ service: "s3", region, method, host: this.#origin.host, path: target },
        headers: {
          ...own,
          "x-amz-content-sha256": hash ?? EMPTY,
          ...(length !== undefined && { "content-length": length }),
        },
      },
      { accessKeyId: key, secretAccessKey: secret, ...(token !== undefined && { sessionToken: token }) },
    );
    const stream = file && createReadStream(file.path, { end: file.bytes - 1, highWaterMark: STEP });
    const url = `${this.#origin.origin}${target}`;
    try {
      // Made by aws4 of texts and one number.
      const signed = Object.fromEntries(
        Object.entries(headers ?? {}).map(([name, value]) => [name, `${value}`]),
      );
      return await this.#sender.send({ method, url, headers: signed, body: stream ?? text }, signal);
    } finally {
      stream?.destroy();
      await (stream && finished(stream).catch(() => undefined));
    }
  }

  #refusal(status: number, body: Buffer): Fault {
    const code = codeOf(body);
    // An answer to HEAD has no body.
    const cure = CURES[code ?? (status === 403 ? "AccessDenied" : "")];
    const said = shortened(reasonOf(body));
    return new Fault(
      "ARCHIVE_REFUSED",
      `the archive at ${this.name} refuses a request (${status}): ${cure ?? (said || "it does not say why")}`,
      { details: { status, ...(code !== undefined && { code }), reason: said } },
    );
  }
}

function damaged(path: string, name: string, what: string): Fault {
  return new Fault("ARCHIVE_DAMAGED", `reading ${path} of the archive at ${name}: ${what}`);
}

/** A path as it is in addresses: Signature Version 4 wants all but letters, digits and `-._~` encoded. */
function encodePath(path: string): string {
  return path
    .split("/")
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join("/");
}

function codeOf(body: Buffer): string | undefined {
  return /<Code>([^<]{1,100})<\/Code>/.exec(body.toString("utf8", 0, 4096))?.[1];
}

function reasonOf(body: Buffer): string {
  const text = body.toString("utf8", 0, 4096);
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1];
  const code = codeOf(body);
  return code === undefined ? text : `${code}: ${message ?? ""}`;
}
