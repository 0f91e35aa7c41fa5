import { type GlobalDocument, readGlobal } from "../config/global.ts";
import { type PlacedSensor, readSensor, refuseAt } from "../config/sensor.ts";
import type { Change, ConfigStore } from "../config/store.ts";
import { type Document, type Mistake, readYaml, refuse } from "../config/yaml.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { isLoopback, withoutGuard } from "../core/loopback.ts";
import { withinSteps } from "../stellar/budget.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { checkExpressions, checkGlobalExpressions, type Findings } from "./check-expressions.ts";
import { ERROR_SENSOR } from "./errors.ts";
import { isOfUnknownFunction } from "./functions.ts";
import type { PipelineServices } from "./services.ts";
import { findSource } from "./sources.ts";
import { openStages } from "./stages.ts";

/** Something in a document that may be published, but is probably not what was meant. */
export type Warning = Mistake & { readonly document: string };

/** Steps that the constants of all expressions may take together; those beyond are not evaluated for a check. */
const CHECK_STEPS = 50_000_000;

/** What documents are held against beyond their own text. */
export type CheckRules = {
  /** What they run with now. */
  readonly inForce: PipelineServices;
  readonly allow: AllowPath;
  /** Whether the server may listen where others reach it. */
  readonly mayServeOthers: boolean;
  /** Functions that were not looked into, as a check runs nothing: what they add is unknown. */
  readonly notRun?: readonly string[] | undefined;
};

/**
 * Checks changes as a whole before they are published: documents are read, and the stages of every sensor that they
 * touch are opened for trial, so that a wrong expression, pattern or option is found now and not at midnight.
 * @param services what the documents would run with
 * @throws Fault CONFIG_INVALID naming line, column and what was expected.
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
  const { inForce, notRun = [] } = rules;
  const changed =
    changes.find(({ kind }) => kind === "global")?.text ?? config.get("global", "global")?.text ?? "";
  const global = readGlobal(changed ?? "", "global");
  const environment = services.environment(global);
  const warnings: Warning[] = [];
  const judge = (document: string, { errors, warnings: more }: Findings): void => {
    const mayBe = notRun.length === 0 ? [] : errors.filter(({ message }) => isOfUnknownFunction(message));
    if (errors.length > mayBe.length) refuse(document, errors);
    const unless = `, unless ${notRun.join(" or ")} adds it: a check runs no module`;
    const doubts = mayBe.map((mistake) => ({ ...mistake, message: mistake.message + unless }));
    warnings.push(...[...doubts, ...more].map((warning) => ({ ...warning, document })));
  };
  if (changes.some(({ kind }) => kind === "global")) {
    const text = changed ?? "";
    const document = readYaml(text, "global");
    checkPlaces(global, document, rules);
    judge("global", checkGlobalExpressions(global, document, text, environment));
    for (const name of notRun) {
      const message = `${name} was not run, as a check runs nothing; publishing does`;
      warnings.push({ ...document.place(["functions"]), path: "functions", message, document: "global" });
    }
  }
  const touched = new Map<string, string>();
  if (changes.some(({ kind }) => kind !== "sensor")) {
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
  for (const [name, text] of touched) {
    const placed = readSensor(text, `sensor/${name}`);
    if (placed.sensor.sensor !== name) {
      throw new Fault(
        "CONFIG_INVALID",
        `sensor/${name}: the document says \`sensor: ${placed.sensor.sensor}\`; both must be the same`,
      );
    }
    const findings = checkExpressions(placed, text, environment);
    const isNew = changes.some((change) => change.kind === "sensor" && change.name === name);
    if (name === ERROR_SENSOR) {
      if (!isNew) continue;
      refuseAt(placed, ["sensor"], "`error` holds the records that were rejected; choose another name");
    }
    if (isNew) judge(placed.name, findings);
    openStages(placed, global, services, context);
    if (isNew) checkSources(placed, rules.allow);
    // A sensor that is not published is refused only what it loses now.
    if (isNew || findings.errors.length === 0) continue;
    const before = checkExpressions(placed, text, inForce.environment(global));
    if (before.errors.length === 0) judge(placed.name, { errors: findings.errors, warnings: [] });
  }
  return warnings;
}

/** Refuses files outside of the allowed folders, and an address that others reach. */
function checkPlaces(
  global: GlobalDocument,
  document: Document,
  { allow, mayServeOthers }: CheckRules,
): void {
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
  if (mistakes.length > 0) refuse("global", mistakes);
}

function checkSources({ sensor, document, name: title }: PlacedSensor, allow: AllowPath): void {
  const mistakes: Mistake[] = [];
  for (const [name, options] of Object.entries(sensor.source ?? {})) {
    const { config, paths = () => [] } = findSource(name);
    for (const { path: file, use } of paths(config.parse(options))) {
      const message = refusalOf(() => allow(file, use));
      const path = ["source", name];
      if (message !== undefined) mistakes.push({ ...document.place(path), path: path.join("."), message });
    }
  }
  if (mistakes.length > 0) refuse(title, mistakes);
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
