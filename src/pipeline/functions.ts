import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { refuse } from "../config/yaml.ts";
import { Fault } from "../core/fault.ts";
import { StellarError, StellarSyntaxError } from "../stellar/error.ts";
import { buildRegistry, type Registry, type StellarFunction } from "../stellar/function.ts";
import { functions as standard, standardRegistry } from "../stellar/functions/index.ts";
import { placeOf } from "../stellar/report.ts";
import type { Services } from "../stellar/services.ts";
import { parseUserFunctions } from "../stellar/user-functions.ts";

/** Where functions of users come from: definitions in Stellar as text, or a module that every thread imports. */
export type FunctionSource =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly url: string };

/** Functions of users, read and checked. */
export type UserFunctions = {
  /** Differs when they do. */
  readonly key: string;
  readonly modules: readonly StellarFunction[];
  readonly texts: readonly { readonly name: string; readonly text: string }[];
};

export const NO_FUNCTIONS: UserFunctions = { key: "", modules: [], texts: [] };

const MODULES = new Set([".ts", ".mts", ".js", ".mjs", ".cjs"]);

/**
 * Finds what the `functions` of the global document name: files (relative to `folder`) or packages installed there.
 * @throws Fault CONFIG_INVALID
 */
export function findFunctions(names: readonly string[], folder: string): FunctionSource[] {
  return names.map((name) => {
    const file = isAbsolute(name) ? name : resolve(folder, name);
    if (existsSync(file) && !MODULES.has(extname(file))) return { name, text: readFileSync(file, "utf8") };
    const module = existsSync(file) ? file : packageFile(name, folder);
    if (module === undefined)
      throw new Fault("CONFIG_INVALID", `functions: there is no file ${file} and no package \`${name}\``);
    // A changed file is another module: what is imported once stays as it was.
    const version = hash("sha256", readFileSync(module), "hex").slice(0, 16);
    return { name, url: `${pathToFileURL(module).href}?v=${version}` };
  });
}

function packageFile(name: string, folder: string): string | undefined {
  for (const from of [folder, process.cwd()]) {
    try {
      return createRequire(join(resolve(from), "functions.js")).resolve(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

/** Imports and checks functions. Throws Fault CONFIG_INVALID naming source and place; then none of them is in use. */
export async function openFunctions(sources: readonly FunctionSource[]): Promise<UserFunctions> {
  const modules: StellarFunction[] = [];
  for (const source of sources) if ("url" in source) modules.push(...(await importFunctions(source)));
  const texts = sources.filter((source) => "text" in source);
  const opened = { key: JSON.stringify(sources), modules, texts };
  registryOf(opened, {});
  return opened;
}

/** The standard functions and the users', of two with one name the later. */
export function registryOf({ modules, texts }: UserFunctions, services: Partial<Services>): Registry {
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
      refuse(name, [{ line, column, path: "", message: `${error.message}${hint}` }]);
    }
  }
  return buildRegistry(...lists);
}

/** Every function that a module exports, alone or in a list. */
async function importFunctions({ name, url }: { name: string; url: string }): Promise<StellarFunction[]> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${name}:1:1: importing it: ${(cause as Error).message}`, { cause });
  }
  const found = Object.values(exported)
    .flat()
    .map((value) => asFunction(name, value));
  if (found.length === 0)
    throw new Fault("CONFIG_INVALID", `${name}:1:1: it exports no function; expected { name, params, call }`);
  return found;
}

function asFunction(source: string, value: unknown): StellarFunction {
  const { name, params = [], call, ...rest } = (value ?? {}) as Partial<StellarFunction>;
  if (typeof name !== "string" || !/^[A-Z_][A-Z_0-9]*$/i.test(name) || typeof call !== "function")
    throw new Fault(
      "CONFIG_INVALID",
      `${source}:1:1: expected that it exports functions, each with \`name\`, \`params\` and \`call\``,
    );
  if (!Array.isArray(params) || !params.every((param) => typeof param?.name === "string"))
    throw new Fault("CONFIG_INVALID", `${source}:1:1: the params of ${name} need a name and a type each`);
  return {
    summary: "Defined by a user.",
    returns: "any",
    examples: [],
    pure: true,
    services: false,
    needs: [],
    ...rest,
    name,
    params: params.map((param) => ({ type: "any", about: "", ...param })),
    call,
  };
}
