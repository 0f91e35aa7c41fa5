/** A file that goes over a flow, as Zeek's files.log tells it: its type, sizes and SHA-256. It is not kept. */
import { createHash, type Hash } from "node:crypto";
import { magicOf } from "../objects/magic.ts";
import { otherSide, type Side } from "../reassembly/segment.ts";
import type { FlowContext } from "./protocol.ts";
import { stableName } from "./stable-name.ts";

type FileEnd = {
  readonly isWritten: boolean;
  readonly mimeType: string | undefined;
  /** Bytes that came, missing ones included. */
  readonly length: number;
};

export type FileOptions = {
  readonly flow: FlowContext;
  readonly side: Side;
  /** The protocol as Zeek names it here: HTTP, SMTP, FTP_DATA, SMB. */
  readonly source: string;
  /** How many files of the flow were before it; with the flow it makes the name. */
  readonly number: number;
  readonly filename?: string | undefined;
  readonly total?: number | undefined;
};

/** Bytes that tell a type. */
const HEAD = 512;
const NOTHING = new Uint8Array(0);

/** Zeek's names of types where they are others than those registered. */
const ZEEK_TYPES: Readonly<Record<string, string>> = {
  "application/vnd.microsoft.portable-executable": "application/x-dosexec",
  "application/x-elf": "application/x-executable",
  "application/vnd.rar": "application/x-rar",
  "application/java-vm": "application/x-java-applet",
  "application/rtf": "text/rtf",
};

export class FileReader {
  readonly fuid: string;
  readonly #options: FileOptions;
  readonly #began: number;
  #digest: Hash | undefined;
  #head: Uint8Array = NOTHING;
  #seen = 0;
  #missing = 0;

  constructor(options: FileOptions) {
    this.fuid = stableName("F", `${options.flow.uid} ${options.number}`);
    this.#options = options;
    this.#began = options.flow.now();
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const room = HEAD - this.#head.length;
    if (room > 0 && this.#missing === 0)
      this.#head = Buffer.concat([this.#head, bytes.subarray(start, Math.min(end, start + room))]);
    this.#digest ??= createHash("sha256");
    this.#digest.update(bytes.subarray(start, end));
    this.#seen += end - start;
  }

  gap(length: number): void {
    this.#missing += length;
  }

  /** Writes the record of the file, unless nothing came of it. */
  end(): FileEnd {
    const mimeType = typeOf(this.#head);
    const isWritten = this.#seen > 0;
    if (isWritten) this.#write(mimeType);
    return { isWritten, mimeType, length: this.#seen + this.#missing };
  }

  #write(mimeType: string | undefined): void {
    const { flow, side, source, filename, total } = this.#options;
    flow.write("files", this.#began, {
      fuid: this.fuid,
      tx_hosts: [flow.addresses[side]],
      rx_hosts: [flow.addresses[otherSide(side)]],
      conn_uids: [flow.uid],
      source,
      depth: 0,
      mime_type: mimeType,
      filename,
      duration: (flow.now() - this.#began) / 1e6,
      is_orig: side === 0,
      seen_bytes: this.#seen,
      total_bytes: total,
      missing_bytes: this.#missing,
      // What has a hole has no hash.
      sha256: this.#missing === 0 ? this.#digest?.digest("hex") : undefined,
    });
  }
}

function typeOf(head: Uint8Array): string | undefined {
  if (head.length === 0) return undefined;
  const magic = magicOf([head]);
  if (magic !== undefined) return ZEEK_TYPES[magic] ?? magic;
  return isText(head) ? "text/plain" : undefined;
}

function isText(bytes: Uint8Array): boolean {
  // A loop, as `every` takes ten times as long.
  for (const byte of bytes) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  return true;
}
