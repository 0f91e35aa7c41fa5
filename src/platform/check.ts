import { readPlacedGlobal } from "../config/global.ts";
import { kindOf } from "../config/kinds.ts";
import { readProfiles } from "../config/profiles.ts";
import type { Change, ConfigStore } from "../config/store.ts";
import { type Document, type Mistake, placedFaults } from "../config/yaml.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { openGlobalValidations } from "../pipeline/stages.ts";
import { withinSteps } from "../stellar/values/budget.ts";
import { checkGlobalExpressions, checkProfileExpressions, type Findings } from "./check-expressions.ts";
import { type CheckRules, wrongPlaces, wrongSecrets } from "./check-places.ts";
import { addOthers, checkSensor } from "./check-sensor.ts";
import type { SensorDocuments } from "./documents.ts";
import { LeftOut } from "./left-out.ts";
import { isOfUnknownFunction, isOfUnknownName } from "./missing-names.ts";
import { Refusals } from "./refusals.ts";
import type { PipelineServices } from "./services.ts";
import { takenPorts } from "./taken-ports.ts";

/** Something in a document that may be published, but is probably not what was meant. */
export type Warning = Mistake & { readonly document: string };

/** What a check asks of the documents in force. */
type Configured = Pick<ConfigStore, "get" | "list">;

/** Steps that the constants of all expressions may take together; those beyond are not evaluated for a check. */
const CHECK_STEPS = 50_000_000;

/**
 * Checks changes as a whole before they are published: documents are read, and the stages of every sensor that they
 * touch are opened for trial, so that a wrong expression, pattern or option is found now and not at midnight.
 * @param services what the documents would run with
 * @throws Fault CONFIG_INVALID naming line, column and what was expected, of all mistakes in all documents.
 */
export function checkChanges(
  changes: readonly Change[],
  config: Configured,
  services: PipelineServices,
  context: Context,
  rules: CheckRules,
): Warning[] {
  return withinSteps(CHECK_STEPS, () => checkWithin(changes, config, services, context, rules));
}

function checkWithin(
  changes: readonly Change[],
  config: Configured,
  services: PipelineServices,
  context: Context,
  rules: CheckRules,
): Warning[] {
  const { inForce, unopened, notRun = [] } = rules;
  const refused = new Refusals();
  for (const { kind, name, text } of changes)
    if (text !== null) refused.attempt(() => kindOf(kind).check?.(name, text));
  if (unopened !== undefined) refused.take(unopened);
  const inForceText = config.get("global", "global")?.text ?? "";
  const changed = changes.find(({ kind }) => kind === "global")?.text ?? inForceText;
  // Sensors are looked at all the same when the global document is wrong.
  const changedGlobal = refused.attempt(() => readPlacedGlobal(changed, "global"));
  const { global, document } =
    changedGlobal ?? readPlacedGlobal(changed === inForceText ? "" : inForceText, "global");
  const environment = services.environment(global);
  const warnings: Warning[] = [];
  const judge = (name: string, { errors, warnings: more }: Findings): readonly Mistake[] => {
    // A global document with mistakes may be the one that adds a function, or an extension if it names any.
    if (changedGlobal === undefined || unopened !== undefined) {
      const mayAdd = changed.includes("extensions:") ? isOfUnknownName : isOfUnknownFunction;
      return errors.filter(({ message }) => !mayAdd(message));
    }
    const mayBe = notRun.length === 0 ? [] : errors.filter(({ message }) => isOfUnknownName(message));
    if (errors.length > mayBe.length) return errors;
    const unless = `, unless ${notRun.join(" or ")} adds it: a check runs no module`;
    const doubts = mayBe.map((mistake) => ({ ...mistake, message: mistake.message + unless }));
    warnings.push(...[...doubts, ...more].map((warning) => ({ ...warning, document: name })));
    return [];
  };
  const ofGlobal: Mistake[] = [];
  if (changedGlobal !== undefined && changes.some(({ kind }) => kind === "global")) {
    ofGlobal.push(
      ...wrongPlaces(global, document, rules),
      ...wrongSecrets("global", document, rules),
      ...judge("global", checkGlobalExpressions(global, document, environment, services.components)),
    );
    for (const name of notRun) {
      const message = `${name} was not run, as a check runs nothing; publishing does`;
      const path = global.extensions.includes(name) ? "extensions" : "functions";
      const entry = [path, global[path].indexOf(name)];
      warnings.push({ ...document.place(entry), path, message, document: "global" });
    }
  }
  // Every sensor runs with the validations of the global document. What is wrong with them is its mistake, told once.
  const validations = faultsOf(document, () =>
    openGlobalValidations(global, { ...context, environment, variables: [] }, services.components),
  );
  if (changedGlobal !== undefined)
    addOthers(ofGlobal, judge("global", { errors: validations, warnings: [] }));
  const shared = validations.length === 0 ? global : { ...global, validations: [] };
  const leftOut = new LeftOut(global, document, inForce.packages);
  const sensors = new Map<string, readonly Mistake[]>();
  const texts = refused.attempt(() => touchedBy(changes, config)) ?? new Map<string, string>();
  for (const [name, text] of texts) {
    const isNew = changes.some((change) => change.kind === "sensor" && change.name === name);
    const check = { environment, global: shared, services, context, isNew, judge };
    const found = refused.attempt(() => checkSensor(name, text, check, rules)) ?? [];
    sensors.set(name, isNew ? found.map(leftOut.explain) : leftOut.blame(`sensor/${name}`, found));
  }
  for (const [name, taken] of portsTaken(changes, config, rules.documents, services))
    sensors.set(name, [...(sensors.get(name) ?? []), ...taken]);
  const profiles = profilesTouchedBy(changes, config);
  if (profiles !== undefined) {
    const placed = refused.attempt(() => readProfiles(profiles));
    const found = placed && checkProfileExpressions(placed, environment, services.components);
    const isNew = changes.some(({ kind }) => kind === "profiles");
    const mistakes = found === undefined ? [] : judge("profiles", found);
    refused.add("profiles", isNew ? mistakes.map(leftOut.explain) : leftOut.blame("profiles", mistakes));
  }
  refused.add("global", [...ofGlobal.map(leftOut.explain), ...leftOut.mistakes]);
  for (const [name, found] of sensors) refused.add(`sensor/${name}`, found);
  refused.settle();
  return warnings;
}

/** Ports that sensors of the changes cannot have, as another sensor has them. */
function portsTaken(
  changes: readonly Change[],
  config: Configured,
  documents: SensorDocuments,
  { components }: PipelineServices,
): ReadonlyMap<string, readonly Mistake[]> {
  const texts = new Map(config.list("sensor").map(({ name, text }) => [name, text]));
  const changed = changes.filter(({ kind }) => kind === "sensor");
  for (const { name, text } of changed) texts.set(name, text);
  const sensors = [...texts].flatMap(([name, text]) => {
    const placed = text === null ? undefined : documents.placed(name, text);
    return placed === undefined ? [] : [placed];
  });
  return takenPorts(sensors, components, (sensor) => changed.some(({ name }) => name === sensor));
}

/** The text of the profiles, when changes touch it or what they run with; undefined when there are none, or nothing does. */
function profilesTouchedBy(changes: readonly Change[], config: Configured): string | undefined {
  const changed = changes.find(({ kind }) => kind === "profiles");
  if (changed !== undefined) return changed.text ?? undefined;
  if (!changes.some(({ kind }) => kindOf(kind).concernsSensors)) return undefined;
  return config.get("profiles", "profiles")?.text ?? undefined;
}

/** The texts of the sensors that changes touch: those they name; all, when what they run with changes. */
function touchedBy(changes: readonly Change[], config: Configured): Map<string, string> {
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

/** The mistakes for which something of a document does not open. */
function faultsOf(document: Document, open: () => unknown): readonly Mistake[] {
  try {
    open();
    return [];
  } catch (error) {
    return placedFaults(error, document);
  }
}
