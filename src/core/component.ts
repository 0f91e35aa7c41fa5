import { z } from "zod";
import { openEvery, throwEvery } from "./every.ts";
import { Fault } from "./fault.ts";
import { inWords } from "./in-words.ts";
import type { Message } from "./message.ts";

/**
 * What a component is and how it comes to work. Each kind (parser, enrichment, source and so on) states its components
 * as data: a name, a sentence, a zod schema in which every option is described, and the function that opens it. What
 * documents may write, reference pages, JSON Schemas and contract tests are derived from that.
 */
export type Definition<
  Opened = unknown,
  Context = never,
  Name extends string = string,
  Config extends z.ZodType = z.ZodType,
> = {
  readonly name: Name;
  /** Other names that documents may use for it. */
  readonly aliases?: readonly string[];
  /** One sentence. */
  readonly summary: string;
  /** Its options, as a document writes them behind its name. */
  readonly config: Config;
  /** A shorter way to write them. */
  readonly short?: Short;
  /** Examples of its use. They run as tests and are in the reference; those of a package run when it is published. */
  readonly examples?: readonly Example[];
  /**
   * Makes it ready to work. Whatever can be wrong with the options is found here: throws a `Fault` CONFIG_INVALID,
   * never later. It is a method, so that a list can hold components whose options differ.
   */
  open(config: z.output<Config>, context: Context): Opened;
};

/** A second way to write options: what is meant by it, and a schema that puts out the options written in full. */
export type Short = {
  readonly isMeant: (options: unknown) => boolean;
  readonly config: z.ZodType;
};

/**
 * What comes of a record (for a parser, it arrives at time 0) or a message: messages, a rejection, or nothing when it
 * is dropped.
 */
export type Example = {
  /** As a document writes them. */
  readonly options: unknown;
  readonly given: string | Message;
  readonly gives?: Message | readonly Message[];
  /** Why it is rejected. */
  readonly rejects?: string;
};

/**
 * What is checked of a parser's messages besides: nothing, that they have `original_string` and `timestamp`, or also
 * that the timestamp is above 0, as the original does where patterns are the user's.
 */
export type ParsedCheck = "none" | "present" | "positive timestamp";

/** The components of one kind. It never changes; `joined` makes another. */
export type Catalogue<Member extends Definition = Definition> = {
  /** What one of them is called, such as `parser`. */
  readonly kind: string;
  readonly list: readonly Member[];
  /** Turns a name as documents may spell it into the one that is listed; names are taken to the letter when left out. */
  readonly spelling?: ((name: string) => string) | undefined;
};

/** Components as a document writes them: options by name. */
export type Named = Readonly<Record<string, unknown>>;

/** Where something is in a document, or below the part of it that is at hand. */
export type Path = readonly PropertyKey[];

/** A catalogue with more components. Throws Fault CONFIG_INVALID for a name that is taken. */
export function joined<Member extends Definition>(
  catalogue: Catalogue<Member>,
  more: readonly Member[] = [],
): Catalogue<Member> {
  const taken = new Set(catalogue.list.flatMap(namesOf));
  for (const definition of more) {
    for (const name of namesOf(definition)) {
      if (taken.has(name))
        throw new Fault("CONFIG_INVALID", `there is a ${catalogue.kind} \`${name}\` already`);
      taken.add(name);
    }
  }
  return { ...catalogue, list: [...catalogue.list, ...more] };
}

/** Every name by which documents may call a component. */
export function namesOf({ name, aliases = [] }: Definition): readonly string[] {
  return [name, ...aliases];
}

/** The component of a name; undefined when it does not exist. */
export function findNamed<Member extends Definition>(
  { list, spelling }: Catalogue<Member>,
  name: string,
): Member | undefined {
  const wanted = spelling === undefined ? name : spelling(name);
  return list.find((definition) => namesOf(definition).includes(wanted));
}

/** The schema of options as they are written: the short one where that is meant. */
export function schemaOf({ config, short }: Definition, options: unknown): z.ZodType {
  return short?.isMeant(options) === true ? short.config : config;
}

/**
 * Finds a component by name, checks its options and opens it.
 * @param path where the name is
 * @throws Fault CONFIG_INVALID, or the one that opening it threw, for every mistake with its place in `details.path`
 */
export function openNamed<Opened, Context>(
  catalogue: Catalogue<Definition<Opened, Context>>,
  name: string,
  options: unknown,
  context: Context,
  path: Path = [],
): Opened {
  return openAt(required(catalogue, name, path), options, context, [...path, name]);
}

/** Opens every component that is written, `{ NAME: options }`, as `openNamed` does; says all that is wrong. */
export function openEach<Opened, Context>(
  catalogue: Catalogue<Definition<Opened, Context>>,
  written: Named,
  context: Context,
  path: Path = [],
): Opened[] {
  return openEvery(Object.entries(written), ([name, options]) =>
    openNamed(catalogue, name, options, context, path),
  );
}

/** Opens a list of components in order, as `openNamed` does; says all that is wrong. */
export function openList<Opened, Context>(
  catalogue: Catalogue<Definition<Opened, Context>>,
  list: readonly Named[],
  context: Context,
  path: Path = [],
): Opened[] {
  return openEvery(list, (item, index) => openEach(catalogue, item, context, [...path, index])).flat();
}

/** The component of a name. Throws Fault CONFIG_INVALID that lists those that exist. */
export function required<Member extends Definition>(
  catalogue: Catalogue<Member>,
  name: string,
  path: Path = [],
): Member {
  const definition = findNamed(catalogue, name);
  if (definition !== undefined) return definition;
  const known = catalogue.list.map((candidate) => candidate.name).join(", ");
  throw new Fault("CONFIG_INVALID", `there is no ${catalogue.kind} \`${name}\`; known are ${known}`, {
    details: { path: [...path, name] },
  });
}

/**
 * Checks the options of a component and opens it.
 * @param path where the options are
 * @throws Fault for every mistake, with its place in `details.path`
 */
export function openAt<Opened, Context>(
  definition: Definition<Opened, Context>,
  options: unknown,
  context: Context,
  path: Path,
): Opened {
  const config = checkOptions(definition, options, path);
  try {
    return definition.open(config, context);
  } catch (error) {
    throw error instanceof Fault ? below(path, error) : error;
  }
}

/** The options of a component as it is opened with them. Throws Fault CONFIG_INVALID with the place of each mistake. */
export function checkOptions<Config extends z.ZodType>(
  definition: Definition<unknown, never, string, Config>,
  options: unknown,
  path: Path = [],
): z.output<Config> {
  const written = options ?? {};
  const { short, config } = definition;
  const full = short?.isMeant(written) === true ? checked(short.config, written, path) : written;
  return checked(config, full, path);
}

/** What a schema makes of a value. Throws Fault CONFIG_INVALID with the place of each mistake below `path`. */
function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, path: Path): z.output<Schema> {
  const result = schema.safeParse(value, { error: inWords });
  if (result.success) return result.data;
  return throwEvery(
    mistakesOf(result.error.issues).map(
      (mistake) =>
        new Fault("CONFIG_INVALID", mistake.message, { details: { path: [...path, ...mistake.path] } }),
    ),
  );
}

/** What a schema complains of, each with its place: a key that is unknown stands for itself. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[]): { path: Path; message: string }[] {
  return issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: "no such option" }))
      : [{ path: issue.path, message: issue.message }],
  );
}

/** Options as one key of others: it may be left out when none of them is required, and be null. */
export function optionsWithin(config: z.ZodType): z.ZodType {
  const options = z.preprocess((written) => written ?? {}, config);
  return config.safeParse({}).success ? options.prefault({}) : options;
}

/** The same fault, its places below a path. */
function below(path: Path, fault: Fault): Fault {
  const { faults, path: inner = [], ...rest } = (fault.details ?? {}) as { faults?: Fault[]; path?: Path };
  const details =
    faults === undefined
      ? { ...rest, path: [...path, ...inner] }
      : { faults: faults.map((each) => below(path, each)) };
  return new Fault(fault.code, fault.message, { cause: fault.cause, details });
}
