/** A file that goes over a flow, as Zeek's files.log tells it: its type, sizes and SHA-256. It is not kept. */
import { createHash, type Hash } from "node:crypto";
import { magicOf } from "../objects/magic.ts";
import type { Side } from "../reassembly/segment.ts";
import type { FlowContext } from "./protocol.ts";
import { stableName } from "./stable-name.ts";

export type FileReader = {
  readonly fuid: string;
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
  /** Writes the record of the file, unless nothing came of it. */
  end(): FileEnd;
};

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

/** Zeek's names of types where they are others than those registered. */
const ZEEK_TYPES: Readonly<Record<string, string>> = {
  "application/vnd.microsoft.portable-executable": "application/x-dosexec",
  "application/x-elf": "application/x-executable",
  "application/vnd.rar": "application/x-rar",
  "application/java-vm": "application/x-java-applet",
  "application/rtf": "text/rtf",
};

export function openFile({ flow, side, source, number, filename, total }: FileOptions): FileReader {
  const fuid = stableName("F", `${flow.uid} ${number}`);
  const began = flow.now();
  let digest: Hash | undefined;
  let head: Uint8Array = new Uint8Array(0);
  let seen = 0;
  let missing = 0;
  return {
    fuid,
    data(bytes, start, end) {
      if (end <= start) return;
      if (head.length < HEAD && missing === 0)
        head = Buffer.concat([head, bytes.subarray(start, Math.min(end, start + HEAD - head.length))]);
      digest ??= createHash("sha256");
      digest.update(bytes.subarray(start, end));
      seen += end - start;
    },
    gap(length) {
      missing += length;
    },
    end() {
      const mimeType = typeOf(head);
      const isWritten = seen > 0;
      if (isWritten) {
        const sender = side;
        flow.write("files", began, {
          fuid,
          tx_hosts: [flow.addresses[sender]],
          rx_hosts: [flow.addresses[sender === 0 ? 1 : 0]],
          conn_uids: [flow.uid],
          source,
          depth: 0,
          mime_type: mimeType,
          filename,
          duration: (flow.now() - began) / 1e6,
          is_orig: side === 0,
          seen_bytes: seen,
          total_bytes: total,
          missing_bytes: missing,
          // What has a hole has no hash.
          sha256: missing === 0 ? digest?.digest("hex") : undefined,
        });
      }
      return { isWritten, mimeType, length: seen + missing };
    },
  };
}

function typeOf(head: Uint8Array): string | undefined {
  if (head.length === 0) return undefined;
  const magic = magicOf([head]);
  if (magic !== undefined) return ZEEK_TYPES[magic] ?? magic;
  return head.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13)
    ? "text/plain"
    : undefined;
}
