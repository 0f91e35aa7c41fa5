/**
 * Extension packages: folders of modules that add components and functions. Every thread imports them by a URL that
 * holds a hash of all their files, so a changed package is another one, and takes effect without a restart.
 */
import { hash } from "node:crypto";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { type Components, type Extension, withExtension } from "../config/components.ts";
import { failedExamples } from "../config/examples.ts";
import type { Catalogue } from "../core/component.ts";
import { Fault } from "../core/fault.ts";
import type { StellarFunction } from "../stellar/language/function.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { asFunction, importModule } from "./modules.ts";

/** Where an extension comes from: the module that it begins with. */
export type ExtensionSource = { readonly name: string; readonly extension: string };

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
 * @throws Fault CONFIG_INVALID, PATH_NOT_ALLOWED
 */
export function findExtensions(names: readonly string[], allow: AllowPath): ExtensionSource[] {
  return names.map((name) => {
    const folder = folderOf(name, allow);
    const entry = entryOf(name, folder);
    const files = globSync("**/*", { cwd: folder, exclude: (file) => file === "node_modules" }).sort();
    const contents = files
      .filter((file) => statSync(join(folder, file)).isFile())
      .map((file) => `${file} ${hash("sha256", readFileSync(join(folder, file)), "hex")}`);
    const version = hash("sha256", contents.join("\n"), "hex").slice(0, 16);
    return { name, extension: `${pathToFileURL(entry).href}?extension=${version}` };
  });
}

function folderOf(name: string, allow: AllowPath): string {
  const isPackage = /^(@[^/]+\/)?[^./@][^/]*$/.test(name);
  const folder = allow(isPackage ? join("extensions", "node_modules", name) : name, "extensions");
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
  const what = isPackage ? `no package \`${name}\`` : "no folder";
  throw new Fault("CONFIG_INVALID", `extensions: there is ${what} at ${folder}`);
}

const manifest = z.object({ main: z.string() });

function entryOf(name: string, folder: string): string {
  const file = join(folder, "package.json");
  try {
    const entry = join(folder, manifest.parse(JSON.parse(readFileSync(file, "utf8"))).main);
    readFileSync(entry);
    return entry;
  } catch (cause) {
    throw new Fault(
      "CONFIG_INVALID",
      `extensions: ${name} needs a package.json whose \`main\` names a module: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** What extensions add to the components there are, and their functions. Throws Fault CONFIG_INVALID naming the package. */
export async function openExtensions(
  sources: readonly ExtensionSource[],
  components: Components,
): Promise<{ readonly components: Components; readonly functions: readonly StellarFunction[] }> {
  const functions: StellarFunction[] = [];
  let joinedWith = components;
  for (const { name, extension } of sources) {
    const exported = await importModule({ name, url: extension });
    const extensions = exported.filter((value) => typeof value === "object" && value !== null);
    if (extensions.length === 0)
      throw new Fault("CONFIG_INVALID", `${name}:1:1: it exports no extension; expected { parsers: [...] }`);
    for (const each of extensions as Extension[]) {
      joinedWith = named(name, () => proven(joinedWith, withExtension(joinedWith, each)));
      functions.push(...(each.functions ?? []).map((stated) => asFunction(name, stated)));
    }
  }
  return { components: joinedWith, functions };
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
    throw new Fault(error.code, `${name}:1:1: ${error.message}`, { cause: error });
  }
}
