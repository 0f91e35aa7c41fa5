/** Files from the shell: LOCAL_* for those of this machine, HDFS_* for those the platform keeps itself. */
import { defineServiceFunction, type Namespace, type StellarFunction } from "../language/function.ts";
import { toText } from "../values/value.ts";
import { drawTable } from "./text-table.ts";

export type FileEntry = {
  readonly name: string;
  /** As `ls -l` prints it: `drwxr-xr-x`. */
  readonly permission: string;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
};

/** A place to keep files. What cannot be done answers undefined or false; only a bug throws. */
export type FileAccess = {
  readonly read: (path: string) => string | undefined;
  readonly write: (path: string, content: string) => boolean;
  /** True also when there was nothing to remove. */
  readonly remove: (path: string, recursive: boolean) => boolean;
  /** The files of a folder, of the current one for an empty path. */
  readonly list: (path: string) => readonly FileEntry[] | undefined;
};

declare module "../run/services.ts" {
  interface Services {
    readonly localFiles?: FileAccess;
    readonly platformFiles?: FileAccess;
  }
}

const COLUMNS = ["PERMISSION", "OWNER", "GROUP", "SIZE", "LAST MOD TIME", "NAME"];

export const localFiles: Namespace = {
  name: "localFiles",
  summary: "Work with the files of this machine.",
  functions: defineFiles("LOCAL", "localFiles", "on this machine"),
};

export const platformFiles: Namespace = {
  name: "platformFiles",
  summary: "Work with the platform's own file storage, which stands where the original had Hadoop's.",
  functions: defineFiles("HDFS", "platformFiles", "in the platform's file storage"),
};

function defineFiles(
  prefix: string,
  service: "localFiles" | "platformFiles",
  where: string,
): readonly StellarFunction[] {
  const path = { name: "path", type: "string", about: `Path of the file ${where}.` } as const;
  return [
    defineServiceFunction({
      name: `${prefix}_LS`,
      summary: `Lists a folder ${where} as a table, the oldest file first.`,
      params: [
        {
          name: "path",
          type: "string",
          about: "Path of the folder; the current one unless given.",
          optional: true,
        },
      ],
      returns: "string",
      needs: [service],
      examples: [],
      call: (services, folder) => {
        const entries = folder === null ? undefined : services[service].list(folder ?? "");
        return entries === undefined ? null : drawListing(entries);
      },
    }),
    defineServiceFunction({
      name: `${prefix}_READ`,
      summary: `Reads a text file ${where}; null when that is impossible.`,
      params: [path],
      returns: "string",
      needs: [service],
      examples: [],
      call: (services, file) => (file === null ? null : (services[service].read(file) ?? null)),
    }),
    defineServiceFunction({
      name: `${prefix}_READ_LINES`,
      summary: `Reads the lines of a text file ${where}; null when that is impossible.`,
      params: [path],
      returns: "list",
      needs: [service],
      examples: [],
      call: (services, file) => {
        const text = file === null ? undefined : services[service].read(file);
        return text === undefined ? null : linesOf(text);
      },
    }),
    defineServiceFunction({
      name: `${prefix}_RM`,
      summary: `Removes a file ${where} and tells whether it is gone.`,
      params: [
        path,
        {
          name: "recursive",
          type: "boolean",
          about: "Whether to remove a folder with all it holds.",
          optional: true,
        },
      ],
      returns: "boolean",
      needs: [service],
      examples: [],
      call: (services, file, recursive) =>
        file !== null && services[service].remove(file, recursive ?? false),
    }),
    defineServiceFunction({
      name: `${prefix}_WRITE`,
      summary: `Writes a text to a file ${where} and tells whether that worked.`,
      params: [{ name: "content", type: "any", about: "What to write; other values as their text." }, path],
      returns: "boolean",
      needs: [service],
      examples: [],
      call: (services, content, file) =>
        file !== null && services[service].write(file, content === null ? "" : toText(content)),
    }),
  ];
}

function drawListing(entries: readonly FileEntry[]): string {
  const sorted = entries.toSorted(
    (left, right) =>
      left.modified - right.modified || (left.name < right.name ? -1 : left.name > right.name ? 1 : 0),
  );
  const rows = sorted.map(({ permission, owner, group, size, modified, name }) => [
    permission,
    owner,
    group,
    String(size),
    new Date(modified).toISOString().slice(0, 19).replace("T", " "),
    name,
  ]);
  return drawTable({ headers: COLUMNS, rows });
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
