import { Fault } from "../core/fault.ts";
import type { StellarFunction } from "../stellar/language/function.ts";

/** What a module exports. Throws Fault CONFIG_INVALID naming the source when it cannot be imported. */
export async function importModule(source: {
  readonly name: string;
  readonly url: string;
}): Promise<unknown[]> {
  try {
    return Object.values((await import(source.url)) as object);
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${source.name}:1:1: importing it: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** A function of Stellar as a module states it, with what may be left out. Throws Fault CONFIG_INVALID naming the source. */
export function asFunction(source: string, value: unknown): StellarFunction {
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
