import { type GlobalDocument, type PlacedGlobal, readGlobal, readPlacedGlobal } from "../config/global.ts";
import type { Change, ConfigStore } from "../config/store.ts";
import { type Mistake, placedFaults } from "../config/yaml.ts";
import { everyFault } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { findExtensions } from "./extensions.ts";
import { type FunctionSource, findFunctions } from "./functions.ts";
import type { SourceFault } from "./modules.ts";
import { Refusals } from "./refusals.ts";

/** The text of the global document as it is once changes are published. */
function globalText(config: ConfigStore, changes: readonly Change[]): string {
  const changed = changes.find(({ kind }) => kind === "global");
  return (changed === undefined ? config.get("global", "global")?.text : changed.text) ?? "";
}

/** The global document as it is once changes are published. */
export function globalAfter(config: ConfigStore, changes: readonly Change[]): GlobalDocument {
  return readGlobal(globalText(config, changes), "global");
}

/**
 * Where functions of users come from once changes are published: documents of definitions, then files, packages and extensions.
 * @throws Fault CONFIG_INVALID with the place of every wrong entry in the global document
 */
export function functionSources(
  config: ConfigStore,
  changes: readonly Change[],
  allow: AllowPath,
): FunctionSource[] {
  const { global, document } = readPlacedGlobal(globalText(config, changes), "global");
  const texts = new Map(config.list("functions").map(({ name, text }) => [name, text]));
  for (const { kind, name, text } of changes) if (kind === "functions") texts.set(name, text);
  const mistakes: Mistake[] = [];
  const found = [
    () => findFunctions(global.functions, allow),
    () => findExtensions(global.extensions, allow),
  ].flatMap((find) => {
    try {
      return find();
    } catch (error) {
      mistakes.push(...placedFaults(error, document));
      return [];
    }
  });
  const refused = new Refusals();
  refused.add("global", mistakes);
  refused.settle();
  return [
    ...[...texts].flatMap(([name, text]) => (text === null ? [] : [{ name: `functions/${name}`, text }])),
    ...found,
  ];
}

/**
 * Finds the functions and packages of changes and opens them.
 * @throws Fault CONFIG_INVALID with the place of the entry of the global document for every one with a mistake
 */
export async function openSources<Opened>(
  config: ConfigStore,
  changes: readonly Change[],
  allow: AllowPath,
  open: (sources: readonly FunctionSource[]) => Promise<Opened>,
): Promise<{ readonly sources: readonly FunctionSource[]; readonly opened: Opened }> {
  const sources = functionSources(config, changes, allow);
  try {
    return { sources, opened: await open(sources) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refuseAtEntries(error, readPlacedGlobal(globalText(config, changes), "global"));
  }
}

/** Refuses what cannot be opened, each at the entry that names it. */
function refuseAtEntries(error: Fault, { global, document }: PlacedGlobal): never {
  const refused = new Refusals();
  const placed: Mistake[] = [];
  for (const fault of everyFault(error)) {
    const { source = "" } = (fault.details ?? {}) as Partial<SourceFault>;
    const list = global.extensions.includes(source) ? "extensions" : "functions";
    const index = global[list].indexOf(source);
    // Definitions that are a document have their place there.
    if (index < 0) refused.take(fault);
    else placed.push({ ...document.place([list, index]), path: `${list}.${index}`, message: fault.message });
  }
  refused.add("global", placed);
  refused.settle();
  throw error;
}
