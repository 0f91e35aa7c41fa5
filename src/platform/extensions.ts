/**
 * Extension packages: folders of modules that add components and functions. Every thread imports them by a URL that
 * holds a hash of all their files, so a changed package is another one, and takes effect without a restart.
 */
import { hash } from "node:crypto";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Components, type Extension, withExtension } from "../config/components.ts";
import { failedExamples } from "../config/examples.ts";
import type { Catalogue } from "../core/component.ts";
import { Fault } from "../core/fault.ts";
import type { StellarFunction } from "../stellar/language/function.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { addedBy, type Packages } from "./missing-names.ts";
import { asFunction, importModule, openEntries, sourceFault } from "./modules.ts";

/** Where an extension comes from: the module that it begins with, and the folder of its package. */
export type ExtensionSource = { readonly name: string; readonly extension: string; readonly folder: string };

/** What imports of extensions by the name `metron` lead to: in the sources, or in JavaScript once it is built. */
const API = new URL(`../metron${extname(import.meta.url)}`, import.meta.url).href;
const VERSION = /\?extension=\w+$/;

registerHooks({
  resolve(specifier, context, next) {
    const [version] = VERSION.exec(context.parentURL ?? "") ?? [];
    if (version === undefined) return next(specifier, context);
    if (specifier === "metron") return next(API, context);
    const found = next(specifier, context);
    return /^\.\.?\//.test(specifier) ? { ...found, url: found.url + version } : found;
  },
});

/**
 * Finds what the `extensions` of the global document name: folders, or packages that are installed in `extensions`.
 * @throws Fault CONFIG_INVALID, PATH_NOT_ALLOWED, with all that are wrong, their place in `details.path`
 */
export function findExtensions(names: readonly string[], allow: AllowPath): ExtensionSource[] {
  return openEntries("extensions", names, (name) => {
    const folder = folderOf(name, allow);
    const entry = entryOf(name, folder);
    const files = globSync("**/*", { cwd: folder, exclude: (file) => file === "node_modules" }).sort();
    const contents = files
      .filter((file) => statSync(join(folder, file)).isFile())
      .map((file) => `${file} ${hash("sha256", readFileSync(join(folder, file)), "hex")}`);
    const version = hash("sha256", contents.join("\n"), "hex").slice(0, 16);
    return { name, extension: `${pathToFileURL(entry).href}?extension=${version}`, folder };
  });
}

function folderOf(name: string, allow: AllowPath): string {
  const isPackage = /^(@[^/]+\/)?[^./@][^/]*$/.test(name);
  const folder = allow(isPackage ? join("extensions", "node_modules", name) : name, "extensions");
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
  const what = isPackage ? `no package \`${name}\`` : "no folder";
  throw new Fault("CONFIG_INVALID", `there is ${what} at ${folder}`);
}

function entryOf(name: string, folder: string): string {
  const file = join(folder, "package.json");
  try {
    const { main } = JSON.parse(readFileSync(file, "utf8")) as { main?: unknown };
    if (typeof main !== "string") throw new Error("it has no `main`");
    const entry = join(folder, main);
    readFileSync(entry);
    return entry;
  } catch (cause) {
    throw new Fault(
      "CONFIG_INVALID",
      `${name} needs a package.json whose \`main\` names a module: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** What extensions add: components beside those there are, and functions. */
export type Added = {
  readonly components: Components;
  readonly functions: readonly StellarFunction[];
  /** Which of them has what. */
  readonly packages: Packages;
};

/** Imports an extension and adds it to those before. Throws Fault CONFIG_INVALID naming the package. */
export async function openExtension(
  { name, extension, folder }: ExtensionSource,
  before: Added,
): Promise<Added> {
  const exported = await importModule({ name, url: extension, folder, folderName: name });
  const extensions = exported.filter((value) => typeof value === "object" && value !== null);
  if (extensions.length === 0)
    throw sourceFault(name, `${name}: it exports no extension; expected { parsers: [...] }`);
  let { components } = before;
  const functions = [...before.functions];
  const packages = new Map(before.packages);
  for (const each of extensions as Extension[]) {
    components = named(name, () => proven(components, withExtension(components, each)));
    const own = (each.functions ?? []).map((stated) => asFunction(name, stated));
    functions.push(...own);
    for (const key of addedBy(each, own)) packages.set(key, name);
  }
  return { components, functions, packages };
}

/** The components with those of a package, once the examples of these come true. */
function proven(before: Components, after: Components): Components {
  const known = new Set<unknown>(Object.values(before).flatMap(({ list }: Catalogue) => list));
  const failed = failedExamples(after, (definition) => !known.has(definition));
  if (failed.length > 0) throw new Fault("CONFIG_INVALID", failed.join("; "));
  return after;
}

function named<Made>(name: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw sourceFault(name, `${name}: ${error.message}`, { code: error.code, cause: error });
  }
}
