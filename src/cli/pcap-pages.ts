import { existsSync, globSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Fault } from "../core/fault.ts";

/** The header of a pcap file, and of a packet in it, with its captured length as the third word. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/**
 * Cuts a pcap file of the platform's (little-endian) into files of that many packets, named as the original names them:
 * `pcap-data-<prefix>+0001.pcap`; a folder in the prefix is where they come to lie. They are written as their packets come.
 * @returns the names of the files
 * @throws Fault REQUEST_INVALID when there are files of the prefix, FOLDER_UNWRITABLE
 */
export async function pagesOf(
  capture: AsyncIterable<Uint8Array>,
  prefix: string,
  perFile: number,
): Promise<string[]> {
  const files: string[] = [];
  let header: Buffer | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let file: FileHandle | undefined;
  let packets = 0;
  try {
    for await (const chunk of capture) {
      rest = Buffer.concat([rest, chunk]);
      let at = 0;
      if (header === undefined) {
        if (rest.length < FILE_HEADER) continue;
        header = rest.subarray(0, FILE_HEADER);
        at = FILE_HEADER;
      }
      let from = at;
      while (rest.length - at >= RECORD_HEADER) {
        const end = at + RECORD_HEADER + rest.readUInt32LE(at + 8);
        if (rest.length < end) break;
        at = end;
        packets++;
        if (packets < perFile) continue;
        file = await written(file, rest.subarray(from, at), header);
        await file.close();
        file = undefined;
        packets = 0;
        from = at;
      }
      if (at > from) file = await written(file, rest.subarray(from, at), header);
      rest = rest.subarray(at);
    }
  } finally {
    await file?.close();
  }
  return files;

  /** Writes packets to the file that is open, or to the next one. */
  async function written(
    to: FileHandle | undefined,
    bytes: Uint8Array,
    first: Uint8Array,
  ): Promise<FileHandle> {
    const name = pageName(prefix, files.length + (to === undefined ? 1 : 0));
    try {
      const handle = to ?? (await open(name, "wx"));
      if (to === undefined) {
        files.push(name);
        await handle.writeFile(first);
      }
      await handle.writeFile(bytes);
      return handle;
    } catch (error) {
      throw unwritable(name, error);
    }
  }
}

/** Refuses a prefix in a folder that does not exist, or whose files would be mixed with those of another query. */
export function refuseKnownPages(prefix: string): void {
  const folder = prefix.replace(/[^/]*$/, "");
  if (folder !== "" && !existsSync(folder))
    throw new Fault("REQUEST_INVALID", `writing packets: there is no folder ${folder}`, {
      advice: `Make it (\`mkdir -p ${folder}\`), or use another --prefix.`,
    });
  const start = pageName(prefix, 1).slice(folder.length, -"0001.pcap".length);
  const known = globSync("*", { cwd: folder === "" ? "." : folder }).find((name) => name.startsWith(start));
  if (known !== undefined)
    throw new Fault(
      "REQUEST_INVALID",
      `writing packets: there is ${folder}${known} already; use another --prefix, or remove the files of this one`,
    );
}

function pageName(prefix: string, number: number): string {
  const [, folder = "", name = ""] = /^(.*\/)?([^/]*)$/.exec(prefix) ?? [];
  return `${folder}pcap-data-${name}+${String(number).padStart(4, "0")}.pcap`;
}

function unwritable(name: string, cause: unknown): Fault {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new Fault(code === "ENOSPC" ? "DISK_FULL" : "FOLDER_UNWRITABLE", `writing ${name}: ${message}`, {
    cause,
  });
}
