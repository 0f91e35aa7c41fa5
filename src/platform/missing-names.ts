import { builtIn, type Components, type Extension } from "../config/components.ts";
import { type Catalogue, namesOf } from "../core/component.ts";
import type { StellarFunction } from "../stellar/language/function.ts";

/**
 * Names of components and functions that documents use and that do not exist. They are read from the messages that say so, whichever part
 * of a document they come from.
 */

const KINDS = Object.values(builtIn).map(({ kind }: Catalogue) => kind);
const MISSING = new RegExp(`there is no (?:(${KINDS.join("|")}) \`([^\`]+)\`|(function) (\\w+))`);

/** Tells whether a mistake would vanish if a module that was not run had the function. */
export function isOfUnknownFunction(message: string): boolean {
  return MISSING.exec(message)?.[3] !== undefined;
}

/** The same of a function or a component, which an extension may have. */
export function isOfUnknownName(message: string): boolean {
  return MISSING.test(message);
}

/** Packages by what they add. */
export type Packages = ReadonlyMap<string, string>;

/** What a message misses, such as "the parser `badge`", and the package that has it; undefined when none of these has. */
export function missingOf(
  message: string,
  packages: Packages,
): { readonly what: string; readonly in: string } | undefined {
  const [, kind, component, , called] = MISSING.exec(message) ?? [];
  const name = component ?? called ?? "";
  const found = packages.get(keyOf(kind ?? "function", name));
  return found === undefined ? undefined : { what: `the ${kind ?? "function"} \`${name}\``, in: found };
}

/** What a package adds, each as a key of `Packages`. */
export function addedBy(extension: Extension, functions: readonly StellarFunction[]): string[] {
  const components = (Object.keys(builtIn) as (keyof Components)[]).flatMap((part) =>
    (extension[part] ?? []).flatMap((stated: Parameters<typeof namesOf>[0]) =>
      namesOf(stated).map((name) => keyOf(builtIn[part].kind, name)),
    ),
  );
  return [...components, ...functions.map(({ name }) => keyOf("function", name))];
}

/** Documents may spell some names in either case, and with dashes. */
function keyOf(kind: string, name: string): string {
  return `${kind} ${name.toUpperCase().replaceAll("-", "_")}`;
}
