import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { builtIn, type Components } from "../config/components.ts";
import type { Mistake } from "../config/yaml.ts";
import { openEveryLater } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { functions as standard, standardRegistry } from "../stellar/functions/index.ts";
import { StellarError, StellarSyntaxError } from "../stellar/language/error.ts";
import { buildRegistry, type Registry, type StellarFunction } from "../stellar/language/function.ts";
import { placeOf } from "../stellar/language/report.ts";
import type { Services } from "../stellar/run/services.ts";
import { parseUserFunctions } from "../stellar/run/user-functions.ts";
import { type AllowPath, allowAnyPath } from "../storage/allowed-folders.ts";
import { type Added, type ExtensionSource, openExtension } from "./extensions.ts";
import { isOfUnknownFunction, type Packages } from "./missing-names.ts";
import { asFunction, importModule, openEntries, sourceFault } from "./modules.ts";

/** Where functions of users come from: definitions in Stellar as text, or a module or extension that every thread imports. */
export type FunctionSource =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly url: string; readonly folder: string }
  | ExtensionSource;

/** Functions of users, and components of extensions, read and checked. */
export type UserFunctions = {
  /** Differs when they do. */
  readonly key: string;
  readonly modules: readonly StellarFunction[];
  readonly texts: readonly { readonly name: string; readonly text: string }[];
  /** What documents may name: what comes with Metron, and what extensions add. */
  readonly components: Components;
  /** Which extension has what. */
  readonly packages: Packages;
  /** Names of sources that were not looked into, as that would have run a module. */
  readonly notRun: readonly string[];
};

export const NO_FUNCTIONS: UserFunctions = {
  key: "",
  modules: [],
  texts: [],
  components: builtIn,
  packages: new Map(),
  notRun: [],
};

const MODULES = new Set([".ts", ".mts", ".js", ".mjs", ".cjs"]);

/**
 * Finds what the `functions` of the global document name: files, or packages that are installed in an allowed folder.
 * @throws Fault CONFIG_INVALID, PATH_NOT_ALLOWED, with all that are wrong, their place in `details.path`
 */
export function findFunctions(names: readonly string[], allow: AllowPath): FunctionSource[] {
  return openEntries("functions", names, (name) => {
    const file = placeOfFunctions(name, allow);
    if (!MODULES.has(extname(file))) return { name, text: readFileSync(file, "utf8") };
    // A changed file is another module: what is imported once stays as it was.
    const version = hash("sha256", readFileSync(file), "hex").slice(0, 16);
    return { name, url: `${pathToFileURL(file).href}?v=${version}`, folder: dirname(file) };
  });
}

/** Finds functions that the user at the keyboard names, who may run whatever he likes. */
export function findOwnFunctions(names: readonly string[]): FunctionSource[] {
  return findFunctions(names, (path) => allowAnyPath(resolve(path), "functions"));
}

function placeOfFunctions(name: string, allow: AllowPath): string {
  const isPath =
    /^[^@].*[/]|^\.|^\//.test(name) || MODULES.has(extname(name)) || extname(name) === ".stellar";
  // A package is found from inside of `functions`, and wherever it is found, it must be in an allowed folder.
  const within = isPath ? undefined : packageFile(name, allow("functions", "functions"));
  const file = allow(within ?? name, "functions");
  if (existsSync(file)) return file;
  throw new Fault("CONFIG_INVALID", `there is no file ${file}${isPath ? "" : ` and no package \`${name}\``}`);
}

function packageFile(name: string, folder: string): string | undefined {
  try {
    const found = createRequire(join(folder, "functions.js")).resolve(name);
    // A module of Node itself is no file.
    return isAbsolute(found) ? found : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

/**
 * Imports and checks functions.
 * @param begins told the name of a module or package before it is imported
 * @throws Fault CONFIG_INVALID naming source and place; then none of them is in use
 */
export async function openFunctions(
  sources: readonly FunctionSource[],
  begins?: (name: string) => Promise<void>,
): Promise<UserFunctions> {
  const texts = sources.filter((source) => "text" in source);
  const opened = { key: JSON.stringify(sources), ...(await importAll(sources, begins)), texts, notRun: [] };
  registryOf(opened, {});
  return opened;
}

/**
 * Checks functions without running anything: of a module that is not in force, the functions of its last version are
 * known at the most, and definitions that call others are left unchecked.
 */
export async function checkFunctions(
  sources: readonly FunctionSource[],
  inForce: readonly FunctionSource[],
): Promise<UserFunctions> {
  const notRun: string[] = [];
  const known: FunctionSource[] = [];
  for (const source of sources) {
    const url = moduleOf(source);
    if (url === undefined) continue;
    const last = inForce.find((each) => each.name === source.name && moduleOf(each) !== undefined);
    if (last === undefined || moduleOf(last) !== url) notRun.push(source.name);
    if (last !== undefined) known.push(last);
  }
  const { modules, components, packages } = await importAll(known);
  const texts: { name: string; text: string }[] = [];
  for (const source of sources) {
    if (!("text" in source)) continue;
    try {
      registryOf({ modules, texts: [...texts, source] }, {});
      texts.push(source);
    } catch (error) {
      if (notRun.length === 0 || !(error instanceof Fault) || !isOfUnknownFunction(error.message))
        throw error;
      notRun.push(source.name);
    }
  }
  return { key: JSON.stringify([sources, notRun]), modules, texts, components, packages, notRun };
}

/** The module that a source runs; undefined for definitions in Stellar. */
export function moduleOf(source: FunctionSource): string | undefined {
  if ("text" in source) return undefined;
  return "url" in source ? source.url : source.extension;
}

/** What modules and extensions add. Throws Fault CONFIG_INVALID naming all that have mistakes. */
async function importAll(
  sources: readonly FunctionSource[],
  begins?: (name: string) => Promise<void>,
): Promise<Pick<UserFunctions, "modules" | "components" | "packages">> {
  const modules: StellarFunction[] = [];
  let added: Added = { components: builtIn, functions: [], packages: new Map() };
  await openEveryLater(sources, async (source) => {
    if (begins !== undefined && moduleOf(source) !== undefined) await begins(source.name);
    if ("url" in source) modules.push(...(await importFunctions(source)));
    if ("extension" in source) added = await openExtension(source, added);
  });
  const { components, functions, packages } = added;
  return { modules: [...modules, ...functions], components, packages };
}

/** The standard functions and the users', of two with one name the later. */
export function registryOf(
  { modules, texts }: Pick<UserFunctions, "modules" | "texts">,
  services: Partial<Services>,
): Registry {
  if (modules.length === 0 && texts.length === 0) return standardRegistry;
  const lists: (readonly StellarFunction[])[] = [standard, modules];
  for (const { name, text } of texts) {
    try {
      lists.push(parseUserFunctions(text, buildRegistry(...lists), services));
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      const { line, column } = placeOf(text, error.span?.start ?? 0);
      const suggestion = error instanceof StellarSyntaxError ? error.suggestion : undefined;
      const hint = suggestion === undefined ? "" : `; ${suggestion}`;
      const mistake: Mistake = { line, column, path: "", message: `${error.message}${hint}` };
      throw new Fault("CONFIG_INVALID", `${name}:${line}:${column}: ${mistake.message}`, {
        details: { source: name, mistakes: [mistake] },
      });
    }
  }
  return buildRegistry(...lists);
}

/** Every function that a module exports, alone or in a list. */
async function importFunctions({
  name,
  url,
  folder,
}: Extract<FunctionSource, { url: string }>): Promise<StellarFunction[]> {
  const exported = await importModule({ name, url, folder, folderName: dirname(name) });
  const found = exported.flat().map((value) => asFunction(name, value));
  if (found.length === 0)
    throw sourceFault(name, `${name}: it exports no function; expected { name, params, call }`);
  return found;
}
