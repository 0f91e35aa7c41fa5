import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { Fault } from "../core/fault.ts";

/**
 * What a document names files for. Each use has a folder of its own below the data folder; secrets have none, as a
 * back-up of the data folder would hold them.
 */
export type FileUse = "functions" | "extensions" | "incoming" | "tls" | "databases" | "models" | "secrets";

/** Answers where a file is that a document names. Throws Fault PATH_NOT_ALLOWED for one it may not name. */
export type AllowPath = (path: string, use: FileUse) => string;

export type AllowedFolders = {
  readonly data: string;
  /** Further folders of modules, definitions and extensions. */
  readonly functionsFrom?: readonly string[] | undefined;
  /** Folders of secrets. A relative path of a secret begins at the first. */
  readonly secretsFrom?: readonly string[] | undefined;
  /** Further folders of all other files. */
  readonly filesFrom?: readonly string[] | undefined;
};

const NAMES: Readonly<Record<FileUse, string>> = {
  functions: "functions",
  extensions: "extensions",
  incoming: "telemetry",
  tls: "certificates and keys",
  databases: "databases",
  models: "models",
  secrets: "secrets",
};

const OPTIONS: Readonly<Partial<Record<FileUse, string>>> = {
  functions: "--functions-from",
  extensions: "--functions-from",
  secrets: "--secrets-from",
};

/**
 * The rule for every file that a document names: relative paths begin at the data folder, and a file must be below a
 * folder that was allowed when the platform started. Links are resolved first, so that none leads out. A document
 * comes over the network; without this rule whoever may publish one could read any file and run any module.
 */
export function allowPaths(allowed: AllowedFolders): AllowPath {
  const { data, functionsFrom = [], filesFrom = [], secretsFrom = [] } = allowed;
  const foldersOf = (use: FileUse) => {
    if (use === "secrets") return secretsFrom;
    return [join(data, use), ...(isCode(use) ? functionsFrom : filesFrom)];
  };
  return (path, use) => {
    const folders = foldersOf(use).map((folder) => resolve(folder));
    const place = resolve(use === "secrets" ? (secretsFrom[0] ?? data) : data, path);
    const real = realPathOf(place);
    if (folders.some((folder) => isWithin(real, realPathOf(folder)))) return place;
    const option = OPTIONS[use] ?? "--files-from";
    const where = folders.length === 0 ? "nowhere" : `below ${folders.join(", ")} only`;
    throw new Fault(
      "PATH_NOT_ALLOWED",
      `reading ${path}: ${NAMES[use]} are read ${where}` +
        `${real === place ? "" : `, and this leads to ${real}`}; started with \`${option} FOLDER\`, Metron allows ${folders.length === 0 ? "a" : "another"} folder`,
    );
  };
}

/** The rule of a user's own process, which may read whatever the user may. */
export const allowAnyPath: AllowPath = (path) => path;

/** Whether what is read is run. */
function isCode(use: FileUse): boolean {
  return use === "functions" || use === "extensions";
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A path without links; what does not exist yet is below the part that does. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(path);
    if ((code !== "ENOENT" && code !== "ENOTDIR") || parent === path) return path;
    return join(realPathOf(parent), basename(path));
  }
}
