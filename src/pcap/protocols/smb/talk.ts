/** What SMB 1 and SMB 2 have in common: shares, files and log-ins, and how they are told (Zeek's smb_mapping, smb_files and ntlm). */
import type { Side } from "../../reassembly/segment.ts";
import type { FlowContext } from "../protocol.ts";
import { type Move, type Moving, movedFiles } from "./moved.ts";
import { openNtlm } from "./ntlm.ts";

/** Most shares, open files and unanswered requests of a connection. */
const LIMIT = 1_024;

export type SmbRequest =
  | { readonly kind: "connect"; readonly micros: number; readonly path: string }
  | {
      readonly kind: "open";
      readonly micros: number;
      readonly tree: number;
      readonly name: string;
      readonly deletes: boolean;
    }
  | { readonly kind: "read"; readonly file: string; readonly offset: number }
  | { readonly kind: "rename"; readonly micros: number; readonly file: string; readonly name: string }
  | {
      readonly kind: "delete";
      readonly micros: number;
      readonly file: string;
      readonly name?: string;
      readonly tree?: number;
    };

export type ShareType = "DISK" | "PIPE" | "PRINT" | undefined;
/** Seconds since 1970. */
export type FileTimes = {
  readonly created: number;
  readonly accessed: number;
  readonly modified: number;
  readonly changed: number;
};

type File = {
  name: string;
  readonly path: string | undefined;
  readonly size: number;
  readonly times: FileTimes | undefined;
  readonly isPipe: boolean;
  readonly moving: Moving;
};

export type SmbTalk = {
  /** Notes a request until its answer comes. */
  ask(number: string, request: SmbRequest): void;
  /** Takes the request that a number answers. */
  answered(number: string): SmbRequest | undefined;
  connected(request: SmbRequest, tree: number, type: ShareType, service: string | undefined): void;
  opened(request: SmbRequest, file: string, size: number, times: FileTimes | undefined): void;
  changed(request: SmbRequest): void;
  closed(file: string): void;
  /** Begins to take what a message moves of a file; undefined of a pipe, through which calls go and no files. */
  moved(file: string, side: Side, offset: number, length: number): Move | undefined;
  held(): number;
  /** Looks for a log-in by NTLM in a message that carries one. */
  authenticate: ReturnType<typeof openNtlm>["message"];
  end(): void;
};

export function openTalk(flow: FlowContext): SmbTalk {
  const requests = new Map<string, SmbRequest>();
  const shares = new Map<number, { readonly path: string; readonly type: ShareType }>();
  const files = new Map<string, File>();
  const moves = movedFiles(flow);
  const ntlm = openNtlm(flow);

  const tell = (micros: number, action: string, { name, path, size, times }: File, previous?: string) =>
    flow.write("smb_files", micros, {
      action: `SMB::${action}`,
      path,
      name: name === "" ? "<share_root>" : name,
      size,
      prev_name: previous,
      "times.modified": times?.modified,
      "times.accessed": times?.accessed,
      "times.created": times?.created,
      "times.changed": times?.changed,
    });

  return {
    ask(number, request) {
      if (requests.size >= LIMIT) requests.delete(requests.keys().next().value ?? "");
      requests.set(number, request);
    },
    answered(number) {
      const request = requests.get(number);
      requests.delete(number);
      return request;
    },
    connected(request, tree, told, service) {
      if (request.kind !== "connect") return;
      const { micros, path } = request;
      const type = told ?? (path.endsWith("IPC$") ? "PIPE" : "DISK");
      if (shares.size < LIMIT) shares.set(tree, { path, type });
      flow.write("smb_mapping", micros, { path, service, share_type: type });
    },
    opened(request, id, size, times) {
      if (request.kind !== "open") return;
      const share = shares.get(request.tree);
      const isPipe = share?.type === "PIPE";
      const file: File = { name: request.name, path: share?.path, size, times, isPipe, moving: unmoved() };
      if (files.size < LIMIT) files.set(id, file);
      const verb = share?.type === "PRINT" ? "PRINT_OPEN" : "FILE_OPEN";
      tell(request.micros, verb, file);
      if (request.deletes) tell(request.micros, "FILE_DELETE", file);
    },
    changed(request) {
      if (request.kind === "rename") {
        const file = files.get(request.file);
        if (file === undefined) return;
        const previous = file.name;
        file.name = request.name;
        tell(request.micros, "FILE_RENAME", file, previous);
      } else if (request.kind === "delete") {
        const path = request.tree === undefined ? undefined : shares.get(request.tree)?.path;
        const named: File | undefined =
          request.name === undefined
            ? undefined
            : {
                ...{ name: request.name, path, size: 0, times: undefined },
                isPipe: false,
                moving: unmoved(),
              };
        const file = named ?? files.get(request.file);
        if (file !== undefined) tell(request.micros, "FILE_DELETE", file);
      }
    },
    closed(id) {
      const file = files.get(id);
      if (file !== undefined) moves.close(file.moving);
      files.delete(id);
    },
    moved(id, side, offset, length) {
      const known = files.get(id);
      // One whose opening was not captured is a file too, without a name.
      const file = known ?? {
        name: "",
        path: undefined,
        size: 0,
        times: undefined,
        isPipe: false,
        moving: unmoved(),
      };
      if (file.isPipe || (known === undefined && files.size >= LIMIT)) return undefined;
      files.set(id, file);
      return moves.move(file.moving, side, offset, length, {
        name: file.name,
        size: known?.size,
      });
    },
    held: moves.held,
    authenticate: ntlm.message,
    end() {
      for (const { moving } of files.values()) moves.close(moving);
      ntlm.end();
    },
  };
}

/** Takes what a message moves, as far as it is here. @param from where it begins in the message */
export function takeMoved(
  talk: SmbTalk,
  view: DataView,
  from: number,
  length: number,
  file: string,
  side: Side,
  offset: number,
): Move | undefined {
  if (length === 0) return undefined;
  const move = talk.moved(file, side, offset, length);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (from < bytes.length) move?.data(bytes, from, Math.min(bytes.length, from + length));
  return move;
}

function unmoved(): Moving {
  return { readers: [undefined, undefined], next: [0, 0] };
}

/** From 1601 to 1970 in seconds; times of Windows count hundreds of nanoseconds. */
const WINDOWS_EPOCH = 11_644_473_600;

/** Four times at a place: created, accessed, written, changed (MS-SMB2, 2.2.14; MS-SMB, 2.2.4.9.2). */
export function timesAt(view: DataView, at: number): FileTimes | undefined {
  if (at + 32 > view.byteLength) return undefined;
  const [created = 0, accessed = 0, modified = 0, changed = 0] = [0, 8, 16, 24].map((offset) => {
    const ticks = view.getBigUint64(at + offset, true);
    return ticks === 0n ? 0 : (Number(ticks / 10n) - WINDOWS_EPOCH * 1e6) / 1e6;
  });
  return { created, accessed, modified, changed };
}
