import { join, relative } from "node:path";
import { openEvery } from "../core/every.ts";
import { Fault, type FaultCode } from "../core/fault.ts";
import type { StellarFunction } from "../stellar/language/function.ts";
import { placeOfFailure } from "./module-place.ts";

/** A module that adds something: what the global document calls it, its URL, and the folder that holds it and what it imports. */
export type UserModule = {
  readonly name: string;
  readonly url: string;
  readonly folder: string;
  /** What the folder is called in messages. */
  readonly folderName: string;
};

/** What `details` say of a fault in something that the global document names. */
export type SourceFault = { readonly source: string };

/** A fault of something that the global document names, which the message begins with. */
export function sourceFault(
  source: string,
  message: string,
  { code = "CONFIG_INVALID", cause }: { code?: FaultCode; cause?: unknown } = {},
): Fault {
  return new Fault(code, message, { cause, details: { source } satisfies SourceFault });
}

/**
 * Finds what each entry of a list in the global document names.
 * @throws Fault for every wrong entry, its place in `details.path`
 */
export function openEntries<Found>(
  list: "functions" | "extensions",
  names: readonly string[],
  find: (name: string) => Found,
): Found[] {
  return openEvery(names, (name, index) => {
    try {
      return find(name);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.code, error.message, { cause: error, details: { path: [list, index] } });
    }
  });
}

/** What a module exports. Throws Fault CONFIG_INVALID that names the file with the mistake, and where in it that is. */
export async function importModule({ name, url, folder, folderName }: UserModule): Promise<unknown[]> {
  try {
    return Object.values((await import(url)) as object);
  } catch (cause) {
    const found = placeOfFailure(cause, url, folder);
    const place =
      found === undefined
        ? `${name}:1:1`
        : `${join(folderName, relative(folder, found.file))}:${found.line}:${found.column}`;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw sourceFault(name, `${place}: importing it: ${said}`, { cause });
  }
}

/** A function of Stellar as a module states it, with what may be left out. Throws Fault CONFIG_INVALID naming the source. */
export function asFunction(source: string, value: unknown): StellarFunction {
  const { name, params = [], call, ...rest } = (value ?? {}) as Partial<StellarFunction>;
  if (typeof name !== "string" || !/^[A-Z_][A-Z_0-9]*$/i.test(name) || typeof call !== "function")
    throw sourceFault(
      source,
      `${source}: expected that it exports functions, each with \`name\`, \`params\` and \`call\``,
    );
  if (!Array.isArray(params) || !params.every((param) => typeof param?.name === "string"))
    throw sourceFault(source, `${source}: the params of ${name} need a name and a type each`);
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
