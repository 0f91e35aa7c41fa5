/**
 * Completes package-lock.json after a dependency changed: `node scripts/complete-lock.ts`.
 *
 * npm leaves builds for other platforms out of the lock file when the registry it asks does not carry them, and then
 * `npm ci` refuses the file as out of step. They are named by their parents' optional dependencies, so they are put in
 * here: version from the parent, platform from their name. On those platforms npm fetches them; elsewhere it skips them.
 * An entry without a checksum, of which npm would take any content, gets the one that the registry tells.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Entry = {
  version?: string;
  integrity?: string;
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const SYSTEMS = [
  "android",
  "aix",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = [
  "arm64",
  "arm",
  "ia32",
  "x64",
  "ppc64",
  "riscv64",
  "s390x",
  "loong64",
  "mips64el",
  "wasm32",
];

const file = join(import.meta.dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
let added = 0;
for (const [parent, { optionalDependencies = {}, dev, optional }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const places = [`${parent}/node_modules/${name}`, `node_modules/${name}`];
    if (parent === "" || places.some((place) => lock.packages[place] !== undefined)) continue;
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[~^]/, ""),
      ...(dev || optional ? { dev: dev ?? false } : {}),
      optional: true,
      ...platformOf(name),
    };
    added++;
  }
}
let completed = 0;
for (const [place, entry] of Object.entries(lock.packages)) {
  if (place === "" || entry.link === true || entry.integrity !== undefined) continue;
  entry.integrity = integrityOf(place.slice(place.lastIndexOf("node_modules/") + 13), String(entry.version));
  completed++;
}
const packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(`${added} builds for other platforms and ${completed} checksums added`);

/** The checksum of a package as the registry tells it. */
function integrityOf(name: string, version: string): string {
  const asked = spawnSync("npm", ["view", `${name}@${version}`, "dist.integrity"], { encoding: "utf8" });
  const integrity = asked.stdout.trim();
  if (!/^sha512-[A-Za-z0-9+/]+=*$/.test(integrity))
    throw new Error(`${name}@${version}: the registry tells no checksum: ${asked.stderr.trim()}`);
  return integrity;
}

/** The platform a package's name tells of; one without is taken for macOS's `fsevents`-like helpers and refused. */
function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> {
  if (name === "fsevents") return { os: ["darwin"] };
  const words = name.split(/[^a-z0-9]+/i);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor) || words.includes(`${processor}gc`));
  if (words.includes("armv7") || words.includes("armhf")) cpu.push("arm");
  if (os.length === 0 && cpu.length === 0)
    throw new Error(`${name}: its name tells no platform; add it to package-lock.json by hand`);
  const libc = words.some((word) => /^musl/.test(word))
    ? ["musl"]
    : words.includes("gnu")
      ? ["glibc"]
      : undefined;
  return {
    ...(os.length > 0 ? { os } : {}),
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(libc === undefined ? {} : { libc }),
  };
}
