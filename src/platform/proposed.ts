/** What documents say once changes are published, for checking these before they are. */
import { type GlobalDocument, readGlobal } from "../config/global.ts";
import type { Change, ConfigStore } from "../config/store.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { findExtensions } from "./extensions.ts";
import { type FunctionSource, findFunctions } from "./functions.ts";

/** The global document as it is once changes are published. */
export function globalAfter(config: ConfigStore, changes: readonly Change[]): GlobalDocument {
  const changed = changes.find(({ kind }) => kind === "global");
  const text = changed === undefined ? config.get("global", "global")?.text : changed.text;
  return readGlobal(text ?? "", "global");
}

/** Where functions of users come from once changes are published: documents of definitions, then files, packages and extensions. */
export function functionSources(
  config: ConfigStore,
  changes: readonly Change[],
  allow: AllowPath,
): FunctionSource[] {
  const { functions, extensions } = globalAfter(config, changes);
  const texts = new Map(config.list("functions").map(({ name, text }) => [name, text]));
  for (const { kind, name, text } of changes) if (kind === "functions") texts.set(name, text);
  return [
    ...[...texts].flatMap(([name, text]) => (text === null ? [] : [{ name: `functions/${name}`, text }])),
    ...findFunctions(functions, allow),
    ...findExtensions(extensions, allow),
  ];
}
