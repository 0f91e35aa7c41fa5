/** Files for LOCAL_* and HDFS_*: those of this machine, and those of the platform's own folder. */
import {
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { FileAccess, FileEntry } from "../../stellar/functions/files.ts";

/** A text larger than this is not read into an expression. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The files of this machine, as far as its user may reach them. Relative paths begin at the current folder. */
export function localFiles(): FileAccess {
  return access((path) => resolve(path));
}

/**
 * The platform's own files, all below `root`: paths are absolute there, and neither `..` nor a link leads out.
 * @param mayWrite whether files may be written and removed; without it both answer false
 */
export function platformFiles(root: string, mayWrite: boolean): FileAccess {
  const files = access((path) => inside(root, path));
  if (!mayWrite) return { ...files, write: () => false, remove: () => false };
  // The folder itself stays, whatever is asked.
  const remove = (path: string, recursive: boolean) =>
    inside(root, path) !== root && files.remove(path, recursive);
  return { ...files, remove };
}

/** The place of a platform file on this machine; undefined for a path that would lead out of the platform's folder. */
export function inside(root: string, path: string): string | undefined {
  const names = path.replace(/^(?:hdfs|file):\/\/[^/]*/, "").split("/");
  let place = root;
  for (const name of names) {
    if (name === "" || name === ".") continue;
    if (name === ".." || /[\\\0]/.test(name)) return undefined;
    place = join(place, name);
    if (attempt(() => lstatSync(place))?.isSymbolicLink() === true) return undefined;
  }
  return place;
}

function access(placeOf: (path: string) => string | undefined): FileAccess {
  const at = <Result>(path: string, work: (place: string) => Result): Result | undefined => {
    const place = placeOf(path);
    return place === undefined ? undefined : attempt(() => work(place));
  };
  return {
    read: (path) =>
      at(path, (place) => {
        const { size } = statSync(place);
        return size > MOST_BYTES ? undefined : readFileSync(place, "utf8");
      }),
    write: (path, content) =>
      at(path, (place) => {
        makeFolder(dirname(place));
        // Whoever reads meanwhile sees the old text or the new one.
        const beside = `${place}.${process.pid}.part`;
        writeFileSync(beside, content);
        renameSync(beside, place);
        return true;
      }) ?? false,
    remove: (path, recursive) =>
      at(path, (place) => {
        const found = attempt(() => lstatSync(place));
        if (found?.isDirectory() === true && !recursive && readdirSync(place).length > 0) return false;
        rmSync(place, { recursive: found?.isDirectory() === true, force: true });
        return true;
      }) ?? false,
    list: (path) =>
      at(path, (place) => {
        const found = statSync(place);
        if (!found.isDirectory()) return [entryOf(path, found)];
        return readdirSync(place, { withFileTypes: true }).flatMap((entry) => entryIn(place, entry) ?? []);
      }),
  };
}

/** Node's own recursive form never returns where a file system refuses folders, as /proc does. */
function makeFolder(place: string): void {
  if (existsSync(place)) return;
  makeFolder(dirname(place));
  mkdirSync(place);
}

/** A file may go between being listed and being looked at. */
function entryIn(folder: string, entry: Dirent): FileEntry | undefined {
  const found = attempt(() => lstatSync(join(folder, entry.name)));
  return found === undefined ? undefined : entryOf(entry.name, found);
}

function entryOf(name: string, stats: Stats): FileEntry {
  return {
    name,
    permission: permissionOf(stats),
    owner: nameOf("/etc/passwd", stats.uid),
    group: nameOf("/etc/group", stats.gid),
    size: stats.size,
    modified: stats.mtimeMs,
  };
}

/** As `ls -l` prints it. */
function permissionOf(stats: Stats): string {
  const kind = stats.isDirectory() ? "d" : stats.isSymbolicLink() ? "l" : "-";
  const bits = Array.from("rwxrwxrwx", (letter, index) => ((stats.mode >> (8 - index)) & 1 ? letter : "-"));
  return kind + bits.join("");
}

const names = new Map<string, ReadonlyMap<number, string>>();

/** The name of a user or group; its number where the system keeps no such list. */
function nameOf(file: string, id: number): string {
  let known = names.get(file);
  if (known === undefined) {
    const lines = (attempt(() => readFileSync(file, "utf8")) ?? "")
      .split("\n")
      .map((line) => line.split(":"));
    known = new Map(lines.map(([name = "", , number]) => [Number(number), name]));
    names.set(file, known);
  }
  return known.get(id) ?? String(id);
}

/** What the system refuses is an answer to an expression, not a failure of the platform. */
export function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === "string") return undefined;
    throw error;
  }
}
