/**
 * What a Stellar function is: data (name, help, parameters, examples) plus one call.
 *
 * ```ts
 * export const startsWith = defineFunction({
 *   name: "STARTS_WITH",
 *   summary: "Tells whether a string starts with a prefix.",
 *   params: [
 *     { name: "input", type: "string", about: "The string to look at." },
 *     { name: "prefix", type: "string", about: "What it may start with." },
 *   ],
 *   returns: "boolean",
 *   examples: [["STARTS_WITH('metron', 'met')", true], ["STARTS_WITH(null, 'met')", false]],
 *   call: (input, prefix) => input !== null && prefix !== null && input.startsWith(prefix),
 * });
 * ```
 *
 * The evaluator checks arity and kinds before `call` runs: a missing required argument and an argument of the wrong
 * kind are errors that name function and parameter; extra arguments are ignored unless `exact`. `call` throws a
 * `StellarError` for anything else it cannot work with. See `ParamKinds` and `ReturnKinds` for what `call` gets and
 * gives. A function that loops more than its arguments are long, or calls nothing but itself, draws from `spend`
 * (budget.ts) and asks `checkTextSize` or `checkCollectionSize` before making something large.
 */
import type { Services } from "../run/services.ts";
import type { Collection, Lambda, List, Opaque, StellarMap, StellarSet, Value } from "../values/value.ts";

export type { Services } from "../run/services.ts";

/** What `call` receives for each kind of parameter. Every kind lets null through; the function decides about it. */
interface ParamKinds {
  /** The raw value; for functions that accept several kinds. */
  any: Value;
  /** A string; anything else but a character is refused. */
  string: string | null;
  /** Any value as text (numbers accepted, as the original's `toString`). */
  text: string | null;
  /** A boolean; anything else is refused. */
  boolean: boolean | null;
  /** Lenient: any number, boolean, numeric text or list of such becomes an int, null when that fails. */
  integer: number | null;
  /** Lenient, like integer, as a 64-bit long. */
  long: bigint | null;
  /** Lenient, like integer, as a double: a plain JS number. */
  double: number | null;
  /** Any of the four numeric types as a plain JS number; anything else is refused. */
  number: number | null;
  list: List | null;
  set: StellarSet | null;
  map: StellarMap | null;
  /** A list or a set. */
  collection: Collection | null;
  lambda: Lambda | null;
}

/** The class of an opaque value, which may stand as a parameter's type. */
export type OpaqueType<T extends Opaque = Opaque> = {
  readonly stellarType: string;
  readonly prototype: T;
};

export type ParamType = keyof ParamKinds | OpaqueType;

export type Param = {
  readonly name: string;
  readonly type: ParamType;
  /** One sentence for the help. */
  readonly about: string;
  /** A missing argument is handed over as `undefined` (an argument that is null stays null). */
  readonly optional?: true;
  /** The last parameter only: takes all further arguments, none included; `call` gets them spread. */
  readonly rest?: true;
};

/** What `call` answers for each `returns`, next to null. */
export interface ReturnKinds {
  any: Value;
  boolean: boolean;
  string: string;
  /** A whole JS number within int range. */
  integer: number;
  /** A bigint, or a whole JS number that becomes one. */
  long: bigint | number;
  /** A plain JS number, wrapped as a Double. */
  double: number;
  /** A plain JS number, wrapped as a Float. */
  float: number;
  list: List;
  set: StellarSet;
  map: StellarMap;
  lambda: Lambda;
  /** An opaque value. */
  object: Opaque;
}

export type ReturnType = keyof ReturnKinds;

type Argument<Type> = Type extends keyof ParamKinds
  ? ParamKinds[Type]
  : Type extends { readonly prototype: infer T }
    ? T | null
    : never;

/** The arguments of `call`, from the parameters. */
export type Arguments<Params extends readonly Param[]> = Params extends readonly [
  infer Head extends Param,
  ...infer Tail extends readonly Param[],
]
  ? Head extends { readonly rest: true }
    ? Argument<Head["type"]>[]
    : Head extends { readonly optional: true }
      ? [Argument<Head["type"]> | undefined, ...Arguments<Tail>]
      : [Argument<Head["type"]>, ...Arguments<Tail>]
  : [];

/**
 * An expression, what it returns as plain data (numbers compare by value whatever their type, sets as arrays, maps as
 * objects), and the variables it reads. `raises` stands for an error whose text contains the given words.
 */
type Example = readonly [expr: string, expected: unknown, variables?: Readonly<Record<string, unknown>>];

export function raises(text: string): { readonly raises: string } {
  return { raises: text };
}

/**
 * A form over the raw UTF-8 bytes of the one argument that varies, for columns: it never decodes text. `prepare`
 * gets the other arguments, which are constants of the expression (`undefined` at `param` and where missing), and
 * answers the test, or undefined when these constants do not allow one. The result is what `call` would return for the
 * decoded text, as the plain type of `returns` (boolean, or number for integer and double), and never null.
 */
export type BytesForm = {
  /** Index of the parameter that varies. */
  readonly param: number;
  readonly prepare: (constants: readonly (Value | undefined)[]) => BytesCall | undefined;
  /** Said by a function that counts UTF-16 units, so that most comparisons are decided by the number of bytes. */
  readonly countsUnits?: true;
  /** Said by a function that tells whether the text starts or ends with its second argument. */
  readonly affix?: "start" | "end";
};
export type BytesCall = (bytes: Uint8Array, start: number, end: number) => boolean | number;

type Definition<Params extends readonly Param[], Returns extends ReturnType> = {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly params: Params;
  readonly returns: Returns;
  /** What the result is, when the type does not say it. */
  readonly result?: string;
  /** At least one, unless the function needs a service. They run as tests. */
  readonly examples: readonly Example[];
  /**
   * Same arguments, same result, nothing changed: may be folded, hoisted and remembered. True unless said; say false
   * for what changes its argument (LIST_ADD), draws random numbers or reads the world.
   */
  readonly pure?: boolean;
  /** Refuse extra arguments, where the original does. */
  readonly exact?: true;
  readonly bytes?: BytesForm;
};

/** Defines a function of its arguments alone. */
export function defineFunction<const Params extends readonly Param[], const Returns extends ReturnType>(
  definition: Definition<Params, Returns> & {
    readonly call: (...args: Arguments<Params>) => ReturnKinds[Returns] | null;
  },
): StellarFunction {
  return {
    pure: true,
    ...definition,
    services: false,
    needs: [],
    call: definition.call as StellarFunction["call"],
  };
}

/**
 * Defines a function that uses services: `call` gets the record of them first, those in `needs` present. Where one is
 * missing the evaluator answers "NAME needs …" without calling. Not pure unless said.
 */
export function defineServiceFunction<
  const Params extends readonly Param[],
  const Returns extends ReturnType,
  const Needs extends keyof Services,
>(
  definition: Definition<Params, Returns> & {
    readonly needs: readonly Needs[];
    readonly call: (
      services: Services & Required<Pick<Services, Needs>>,
      ...args: Arguments<Params>
    ) => ReturnKinds[Returns] | null;
  },
): StellarFunction {
  return { pure: false, services: true, ...definition, call: definition.call as StellarFunction["call"] };
}

/** A function as the evaluator, the checker and the reference page see it. */
export type StellarFunction = {
  readonly name: string;
  readonly summary: string;
  readonly params: readonly Param[];
  readonly returns: ReturnType;
  readonly result?: string;
  readonly examples: readonly Example[];
  readonly pure: boolean;
  readonly exact?: true;
  /** Whether `call` gets the services before its arguments. */
  readonly services: boolean;
  /** The services it cannot do without. */
  readonly needs: readonly (keyof Services)[];
  readonly bytes?: BytesForm;
  /** Takes and gives what `params` and `returns` say; the evaluator converts on both sides. */
  readonly call: (...args: unknown[]) => unknown;
};

/** The functions of one file, for the reference page. */
export type Namespace = {
  readonly name: string;
  readonly summary: string;
  readonly functions: readonly StellarFunction[];
};

/** The functions an expression may call. Immutable: to change functions at run time, build another and swap it. */
export type Registry = {
  readonly get: (name: string) => StellarFunction | undefined;
  /** All names, sorted. */
  readonly names: readonly string[];
};

/** Joins lists of functions; of two with one name the later wins, as in the original. */
export function buildRegistry(...lists: readonly (readonly StellarFunction[])[]): Registry {
  const byName = new Map(lists.flat().map((definition) => [definition.name, definition]));
  return { get: (name) => byName.get(name), names: [...byName.keys()].sort() };
}
