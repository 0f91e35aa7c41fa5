import { readGlobal } from "../config/global.ts";
import { readSensor, refuseAt } from "../config/sensor.ts";
import type { Change, ConfigStore } from "../config/store.ts";
import { type Mistake, readYaml, refuse } from "../config/yaml.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { checkExpressions, checkGlobalExpressions, type Findings } from "./check-expressions.ts";
import { ERROR_SENSOR } from "./errors.ts";
import type { PipelineServices } from "./services.ts";
import { openStages } from "./stages.ts";

/** Something in a document that may be published, but is probably not what was meant. */
export type Warning = Mistake & { readonly document: string };

/**
 * Checks changes as a whole before they are published: documents are read, and the stages of every sensor that they
 * touch are opened for trial, so that a wrong expression, pattern or option is found now and not at midnight.
 * @param services what the documents would run with; `inForce` what they run with now.
 * @throws Fault CONFIG_INVALID naming line, column and what was expected.
 */
export function checkChanges(
  changes: readonly Change[],
  config: ConfigStore,
  services: PipelineServices,
  context: Context,
  inForce: PipelineServices = services,
): Warning[] {
  const changed =
    changes.find(({ kind }) => kind === "global")?.text ?? config.get("global", "global")?.text ?? "";
  const global = readGlobal(changed ?? "", "global");
  const environment = services.environment(global);
  const warnings: Warning[] = [];
  const judge = (document: string, { errors, warnings: more }: Findings): void => {
    if (errors.length > 0) refuse(document, errors);
    warnings.push(...more.map((warning) => ({ ...warning, document })));
  };
  if (changes.some(({ kind }) => kind === "global")) {
    const text = changed ?? "";
    judge("global", checkGlobalExpressions(global, readYaml(text, "global"), text, environment));
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
    // A sensor that is not published is refused only what it loses now.
    if (isNew || findings.errors.length === 0) continue;
    const before = checkExpressions(placed, text, inForce.environment(global));
    if (before.errors.length === 0) refuse(placed.name, findings.errors);
  }
  return warnings;
}
