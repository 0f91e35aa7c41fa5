import type { Components } from "../config/components.ts";
import type { GlobalDocument } from "../config/global.ts";
import { mistakeAt, type PlacedSensor } from "../config/sensor.ts";
import type { Mistake } from "../config/yaml.ts";
import { checkOptions, findNamed } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { openStages } from "../pipeline/stages.ts";
import type { Environment } from "../stellar/run/environment.ts";
import { checkExpressions, type Findings } from "./check-expressions.ts";
import { type CheckRules, refusalOf, wrongSecrets } from "./check-places.ts";
import { PROFILE_TOPIC } from "./profiles/protocol.ts";
import { mistakesIn } from "./refusals.ts";
import { secretReader } from "./services/secrets.ts";
import type { PipelineServices } from "./services.ts";

/** What a sensor document is held against. */
export type SensorCheck = {
  readonly global: GlobalDocument;
  readonly services: PipelineServices;
  readonly environment: Environment;
  readonly context: Context;
  /** Whether the document is among the changes; others are only looked at for what they lose by these. */
  readonly isNew: boolean;
  /** Tells mistakes from what a module that was not run may mend. */
  readonly judge: (document: string, findings: Findings) => readonly Mistake[];
};

/** All that is wrong with a sensor document. Throws Fault CONFIG_INVALID for a text that is no YAML. */
export function checkSensor(
  name: string,
  text: string,
  check: SensorCheck,
  rules: CheckRules,
): readonly Mistake[] {
  const { environment, global, services, context, isNew } = check;
  const { placed, mistakes } = rules.documents.judge(name, text);
  const found = [...mistakes];
  if (placed === undefined || (name === ERROR_SENSOR && !isNew)) return found;
  const judge = (findings: Findings) => check.judge(placed.name, findings);
  if (mistakes.every(({ path }) => path !== "sensor")) found.push(...wrongName(placed, name));
  // One that was published before the name was taken keeps nobody from publishing others.
  if (isNew) found.push(...takenName(placed));
  const findings = checkExpressions(placed, environment, services.components);
  if (isNew) found.push(...judge(findings));
  const errors = mistakesIn(() => openStages(placed, global, services, context));
  const opened = judge({ errors, warnings: [] });
  addOthers(found, opened);
  if (isNew && opened.length === 0)
    found.push(
      ...wrongSources(placed, rules, services.components),
      ...unreadSecrets(placed, rules, services.components),
    );
  if (isNew) found.push(...wrongSecrets("sensor", placed.document, rules));
  // A sensor that is not published is refused only what it loses now.
  if (!isNew && findings.errors.length > 0) {
    const { inForce } = rules;
    const before = checkExpressions(placed, inForce.environment(global), inForce.components);
    if (before.errors.length === 0) found.push(...judge({ errors: findings.errors, warnings: [] }));
  }
  return found;
}

/** Adds mistakes of parts of which nothing is said yet: of an expression its checker says more than opening it does. */
export function addOthers(found: Mistake[], others: readonly Mistake[]): void {
  found.push(...others.filter(({ path }) => !found.some((known) => isSamePart(known.path, path))));
}

/** Whether two paths are of one part of a document: the same, or one within the other. */
function isSamePart(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
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

/** A topic has one purpose: what others than sensors keep in theirs would be read as records, and records as that. */
function takenName(placed: PlacedSensor): Mistake[] {
  const { sensor } = placed.sensor;
  if (sensor !== PROFILE_TOPIC) return [];
  const message = `the topic \`${sensor}\` holds what profiles have yet to count; choose another name`;
  return [mistakeAt(placed, ["sensor"], message)];
}

/** Files outside of the allowed folders. */
function wrongSources(placed: PlacedSensor, { allow }: CheckRules, { sources }: Components): Mistake[] {
  return Object.entries(placed.sensor.source ?? {}).flatMap(([name, options]) => {
    const definition = findNamed(sources, name);
    // An extension that was not run may bring it; opening the sensor has told so.
    const paths = definition?.paths?.(checkOptions(definition, options)) ?? [];
    return paths.flatMap(({ path, use }) => {
      const message = refusalOf(() => allow(path, use));
      return message === undefined ? [] : [mistakeAt(placed, ["source", name], message)];
    });
  });
}

/** Secrets of sources and sinks that nobody can read. */
function unreadSecrets(
  placed: PlacedSensor,
  { allow }: CheckRules,
  { sources, sinks }: Components,
): Mistake[] {
  const read = secretReader(allow);
  const { source = {}, sinks: passed } = placed.sensor;
  const named = [
    ...Object.entries(source).map(
      ([name, options]) => ["source", name, options, findNamed(sources, name)] as const,
    ),
    ...Object.entries(passed).map(
      ([name, options]) => ["sinks", name, options, findNamed(sinks, name)] as const,
    ),
  ];
  return named.flatMap(([part, name, options, definition]) => {
    const secrets = definition?.secrets?.(checkOptions(definition, options)) ?? [];
    return secrets.flatMap(([path, reference]) => {
      const message = refusalOf(() => read(reference));
      return message === undefined ? [] : [mistakeAt(placed, [part, name, ...path], message)];
    });
  });
}
