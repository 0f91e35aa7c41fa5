/** Calls of functions: arity, the kinds of arguments, and what comes back. */

import { StellarError } from "../language/error.ts";
import type { OpaqueType, Param, ParamType, ReturnType, StellarFunction } from "../language/function.ts";
import { spendFor } from "../values/budget.ts";
import { toDouble, toInteger, toLong } from "../values/conversion.ts";
import {
  aTypeName,
  Char,
  Double,
  Float,
  isCollection,
  isNumeric,
  isOpaque,
  Lambda,
  numericValue,
  StellarMap,
  StellarSet,
  toText,
  type Value,
  withArticle,
} from "../values/value.ts";
import type { Services } from "./services.ts";

/** Calls a function with values. Throws a StellarError that names the function. */
export function invoke(definition: StellarFunction, values: readonly Value[], services: Services): Value {
  checkArity(definition, values.length);
  const args: unknown[] = definition.services ? [servicesFor(definition, services)] : [];
  for (let index = 0; index < values.length; index++) {
    const param = paramAt(definition, index);
    if (param === undefined) break;
    args.push(argument(definition, param, values[index] as Value));
  }
  return finish(definition.returns, definition.call(...args));
}

/** The parameter that takes the argument at an index; undefined when the argument is one too many. */
export function paramAt(definition: StellarFunction, index: number): Param | undefined {
  const { params } = definition;
  if (index < params.length) return params[index];
  const last = params.at(-1);
  return last?.rest === true ? last : undefined;
}

/** How many arguments a function needs at least, and takes at most. */
export function arityOf(definition: StellarFunction): { readonly least: number; readonly most: number } {
  const { params } = definition;
  const firstFree = params.findIndex((param) => param.optional === true || param.rest === true);
  const most = params.at(-1)?.rest === true ? Number.POSITIVE_INFINITY : params.length;
  return { least: firstFree < 0 ? params.length : firstFree, most };
}

/** What is wrong with this number of arguments, or undefined. Extra ones matter to `exact` functions only. */
export function arityMistake(definition: StellarFunction, count: number): string | undefined {
  const { least, most } = arityOf(definition);
  if (count >= least && (count <= most || definition.exact !== true)) return undefined;
  const wanted =
    least === most
      ? `${least}`
      : most === Number.POSITIVE_INFINITY
        ? `${least} or more`
        : `${least} to ${most}`;
  return `${definition.name} takes ${wanted} ${wanted === "1" ? "argument" : "arguments"}, not ${count}`;
}

export function checkArity(definition: StellarFunction, count: number): void {
  const mistake = arityMistake(definition, count);
  if (mistake !== undefined) throw new StellarError(mistake);
}

/** The services for a call; throws when one that the function needs is not there. */
export function servicesFor(definition: StellarFunction, services: Services): Services {
  for (const need of definition.needs) {
    if (services[need] === undefined) {
      throw new StellarError(`${definition.name} needs ${need}, which this place does not provide`);
    }
  }
  return services;
}

/** A value as `call` wants it for a parameter. */
export function argument(definition: StellarFunction, param: Param, value: Value): unknown {
  if (value === null || param.type === "any") return value;
  const converted = typeof param.type === "string" ? convert(param.type, value) : instance(param.type, value);
  if (converted !== undefined) return converted;
  throw new StellarError(
    `${definition.name}: \`${param.name}\` must be ${withArticle(kindName(param.type))}, not ${aTypeName(value)}`,
  );
}

/** The kind of a parameter as users read it. */
export function kindName(type: ParamType): string {
  if (typeof type !== "string") return type.stellarType;
  return type === "collection" ? "list or set" : type;
}

/** Undefined means: of the wrong kind. */
function convert(type: Extract<ParamType, string>, value: Exclude<Value, null>): unknown {
  switch (type) {
    case "any":
      return value;
    case "string":
      return typeof value === "string" ? value : value instanceof Char ? value.value : undefined;
    case "text":
      return toText(value);
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "integer":
      return toInteger(value);
    case "long":
      return toLong(value);
    case "double":
      return toDouble(value);
    case "number":
      return isNumeric(value) ? numericValue(value) : undefined;
    case "list":
      return Array.isArray(value) ? value : undefined;
    case "set":
      return value instanceof StellarSet ? value : undefined;
    case "map":
      return value instanceof StellarMap ? value : undefined;
    case "collection":
      return isCollection(value) ? value : undefined;
    case "lambda":
      return value instanceof Lambda ? value : undefined;
  }
}

function instance(type: OpaqueType, value: Value): unknown {
  return isOpaque(value) && Object.prototype.isPrototypeOf.call(type.prototype, value) ? value : undefined;
}

/** What `call` gave, as a value. */
export function finish(returns: ReturnType, result: unknown): Value {
  if (result === null || result === undefined) return null;
  switch (returns) {
    case "double":
      return new Double(result as number);
    case "float":
      return new Float(result as number);
    case "long":
      return BigInt(result as number | bigint);
    case "boolean":
    case "integer":
      return result as boolean | number;
    default:
      spendFor(result);
      return result as Value;
  }
}
