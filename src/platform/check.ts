import type { Components } from "../config/components.ts";
import { type GlobalDocument, readGlobal, readPlacedGlobal } from "../config/global.ts";
import { kindOf } from "../config/kinds.ts";
import { wrongSecrets } from "../config/secrets.ts";
import { mistakeAt, type PlacedSensor } from "../config/sensor.ts";
import type { Change, ConfigStore } from "../config/store.ts";
import type { Document, Mistake } from "../config/yaml.ts";
import { checkOptions, findNamed } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { isLoopback, withoutGuard } from "../core/loopback.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { openStages } from "../pipeline/stages.ts";
import { withinSteps } from "../stellar/values/budget.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { checkExpressions, checkGlobalExpressions, type Findings } from "./check-expressions.ts";
import type { SensorDocuments } from "./documents.ts";
import { isOfUnknownFunction, isOfUnknownName } from "./functions.ts";
import { mistakesIn, Refusals } from "./refusals.ts";
import type { PipelineServices } from "./services.ts";

/** Something in a document that may be published, but is probably not what was meant. */
export type Warning = Mistake & { readonly document: string };

/** Steps that the constants of all expressions may take together; those beyond are not evaluated for a check. */
const CHECK_STEPS = 50_000_000;

/** What documents are held against beyond their own text. */
export type CheckRules = {
  /** Where sensor documents are read: those that did not change were. */
  readonly documents: SensorDocuments;
  /** What they run with now. */
  readonly inForce: PipelineServices;
  readonly allow: AllowPath;
  /** Whether the server may listen where others reach it. */
  readonly mayServeOthers: boolean;
  /** Functions and extensions that were not looked into, as a check runs nothing: what they add is unknown. */
  readonly notRun?: readonly string[] | undefined;
};

/**
 * Checks changes as a whole before they are published: documents are read, and the stages of every sensor that they
 * touch are opened for trial, so that a wrong expression, pattern or option is found now and not at midnight.
 * @param services what the documents would run with
 * @throws Fault CONFIG_INVALID naming line, column and what was expected, of all mistakes in all documents.
 */
export function checkChanges(
  changes: readonly Change[],
  config: ConfigStore,
  services: PipelineServices,
  context: Context,
  rules: CheckRules,
): Warning[] {
  return withinSteps(CHECK_STEPS, () => checkWithin(changes, config, services, context, rules));
}

function checkWithin(
  changes: readonly Change[],
  config: ConfigStore,
  services: PipelineServices,
  context: Context,
  rules: CheckRules,
): Warning[] {
  const { documents, inForce, notRun = [] } = rules;
  const refused = new Refusals();
  for (const { kind, name, text } of changes)
    if (text !== null) refused.attempt(() => kindOf(kind).check?.(name, text));
  const inForceText = config.get("global", "global")?.text ?? "";
  const changed = changes.find(({ kind }) => kind === "global")?.text ?? inForceText;
  // Sensors are looked at all the same when the global document is wrong.
  const changedGlobal = refused.attempt(() => readGlobal(changed, "global"));
  const global = changedGlobal ?? readGlobal(changed === inForceText ? "" : inForceText, "global");
  const environment = services.environment(global);
  const warnings: Warning[] = [];
  const judge = (document: string, { errors, warnings: more }: Findings): readonly Mistake[] => {
    // A global document with mistakes may be the one that adds a function, or an extension if it names any.
    if (changedGlobal === undefined) {
      const mayAdd = changed.includes("extensions:") ? isOfUnknownName : isOfUnknownFunction;
      return errors.filter(({ message }) => !mayAdd(message));
    }
    const mayBe = notRun.length === 0 ? [] : errors.filter(({ message }) => isOfUnknownName(message));
    if (errors.length > mayBe.length) return errors;
    const unless = `, unless ${notRun.join(" or ")} adds it: a check runs no module`;
    const doubts = mayBe.map((mistake) => ({ ...mistake, message: mistake.message + unless }));
    warnings.push(...[...doubts, ...more].map((warning) => ({ ...warning, document })));
    return [];
  };
  if (changedGlobal !== undefined && changes.some(({ kind }) => kind === "global")) {
    const { document } = readPlacedGlobal(changed, "global");
    refused.add("global", [
      ...wrongPlaces(global, document, rules),
      ...wrongSecrets("global", document, mayBeSecret(rules)),
      ...judge("global", checkGlobalExpressions(global, document, environment, services.components)),
    ]);
    for (const name of notRun) {
      const message = `${name} was not run, as a check runs nothing; publishing does`;
      const path = global.extensions.includes(name) ? "extensions" : "functions";
      warnings.push({ ...document.place([path]), path, message, document: "global" });
    }
  }
  for (const [name, text] of refused.attempt(() => touchedBy(changes, config)) ?? []) {
    refused.attempt(() => {
      const { placed, mistakes } = documents.judge(name, text);
      const found = [...mistakes];
      const isNew = changes.some((change) => change.kind === "sensor" && change.name === name);
      if (placed !== undefined && (isNew || name !== ERROR_SENSOR)) {
        if (mistakes.every(({ path }) => path !== "sensor")) found.push(...wrongName(placed, name));
        const findings = checkExpressions(placed, environment, services.components);
        if (isNew) found.push(...judge(placed.name, findings));
        const opened = judge(placed.name, {
          errors: mistakesIn(() => openStages(placed, global, services, context)),
          warnings: [],
        });
        // Of an expression the checker has said more.
        found.push(...opened.filter(({ path }) => !found.some((known) => isSamePart(known.path, path))));
        if (isNew && opened.length === 0)
          found.push(...wrongSources(placed, rules.allow, services.components));
        if (isNew) found.push(...wrongSecrets("sensor", placed.document, mayBeSecret(rules)));
        // A sensor that is not published is refused only what it loses now.
        if (!isNew && findings.errors.length > 0) {
          const before = checkExpressions(placed, inForce.environment(global), inForce.components);
          if (before.errors.length === 0)
            found.push(...judge(placed.name, { errors: findings.errors, warnings: [] }));
        }
      }
      refused.add(`sensor/${name}`, found);
    });
  }
  refused.settle();
  return warnings;
}

/** The texts of the sensors that changes touch: those they name; all, when what they run with changes. */
function touchedBy(changes: readonly Change[], config: ConfigStore): Map<string, string> {
  const touched = new Map<string, string>();
  if (changes.some(({ kind }) => kindOf(kind).concernsSensors)) {
    for (const { name, text } of config.list("sensor")) touched.set(name, text ?? "");
  }
  const seen = new Set<string>();
  for (const { kind, name, text } of changes) {
    if (seen.has(`${kind}/${name}`))
      throw new Fault("CONFIG_INVALID", `${kind}/${name}: is there twice; publish one text of a document`);
    seen.add(`${kind}/${name}`);
    if (kind !== "sensor") continue;
    if (text === null) touched.delete(name);
    else touched.set(name, text);
  }
  return touched;
}

function wrongName(placed: PlacedSensor, name: string): Mistake[] {
  const written = placed.sensor.sensor;
  if (written !== name) {
    const message = `the document says \`sensor: ${written}\`, and is published as ${name}; both must be the same`;
    return [mistakeAt(placed, ["sensor"], message)];
  }
  if (name !== ERROR_SENSOR) return [];
  const message = "`error` holds the records that were rejected; choose another name";
  return [mistakeAt(placed, ["sensor"], message)];
}

/** Whether two paths are of one part of a document: the same, or one within the other. */
function isSamePart(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

/** Files outside of the allowed folders, and an address that others reach. */
function wrongPlaces(
  global: GlobalDocument,
  document: Document,
  { allow, mayServeOthers }: CheckRules,
): Mistake[] {
  const mistakes: Mistake[] = [];
  const { host } = global.server;
  if (!mayServeOthers && !isLoopback(host)) {
    const path = ["server", "host"];
    mistakes.push({ ...document.place(path), path: path.join("."), message: withoutGuard(host) });
  }
  for (const name of ["city", "asn"] as const) {
    const file = global.databases[name];
    if (file === undefined) continue;
    const path = ["databases", name];
    const reason = refusalOf(() => allow(file, "databases"));
    if (reason !== undefined)
      mistakes.push({ ...document.place(path), path: path.join("."), message: reason });
  }
  return mistakes;
}

function wrongSources(
  { sensor, document }: PlacedSensor,
  allow: AllowPath,
  { sources }: Components,
): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [name, options] of Object.entries(sensor.source ?? {})) {
    const definition = findNamed(sources, name);
    // An extension that was not run may bring it; opening the sensor has told so.
    if (definition === undefined) continue;
    for (const { path: file, use } of definition.paths?.(checkOptions(definition, options)) ?? []) {
      const message = refusalOf(() => allow(file, use));
      const path = ["source", name];
      if (message !== undefined) mistakes.push({ ...document.place(path), path: path.join("."), message });
    }
  }
  return mistakes;
}

/** Why a document may not name a file as a secret. */
function mayBeSecret({ allow }: CheckRules): (file: string) => string | undefined {
  return (file) => refusalOf(() => allow(file, "secrets"));
}

function refusalOf(allowed: () => unknown): string | undefined {
  try {
    allowed();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.message;
  }
}
