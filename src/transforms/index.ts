import type { Batch } from "../core/batch.ts";
import { openEvery, throwEvery } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { communityIdTransform } from "./community-id.ts";
import { ipProtocol } from "./ip-protocol.ts";
import { regexSelect } from "./regex-select.ts";
import { remove } from "./remove.ts";
import { rename } from "./rename.ts";
import { select } from "./select.ts";
import { stellar } from "./stellar.ts";
import type { Transform, TransformContext, TransformDefinition } from "./transform.ts";

/** The field transformations Metron knows. */
export const transforms = [
  communityIdTransform,
  ipProtocol,
  regexSelect,
  remove,
  rename,
  select,
  stellar,
] as const;

/** A component and its options, as a sensor document names them: `{ RENAME: { ... } }`. */
export type Named = Readonly<Record<string, unknown>>;

/**
 * Opens a list of field transformations to run in order. Names may be written in either case.
 * Throws a `Fault` CONFIG_INVALID with the path of the item that is wrong in `details`.
 */
export function openTransforms(list: readonly Named[], context: TransformContext): Transform {
  const opened = openEvery(list, (item, index) =>
    openEvery(Object.entries(item), ([name, options]) =>
      openNamed<Transform>(transforms, name, options, context, [index]),
    ),
  ).flat();
  return (batch: Batch) => {
    for (const transform of opened) transform(batch);
  };
}

/** Finds a component by name, checks its options and opens it. */
export function openNamed<Opened>(
  list: readonly Pick<TransformDefinition, "name" | "config" | "expand">[],
  name: string,
  options: unknown,
  context: TransformContext,
  path: readonly PropertyKey[],
): Opened {
  const definition = list.find((candidate) => candidate.name === name.toUpperCase().replaceAll("-", "_"));
  if (definition === undefined) {
    const known = list.map((candidate) => candidate.name).join(", ");
    throw new Fault("CONFIG_INVALID", `there is no \`${name}\`; known are ${known}`, {
      details: { path: [...path, name] },
    });
  }
  const written =
    typeof options === "object" && options !== null && definition.expand !== undefined
      ? definition.expand(options as Named)
      : (options ?? {});
  const checked = definition.config.safeParse(written);
  if (!checked.success) {
    throwEvery(
      checked.error.issues.map(
        ({ path: below, message }) =>
          new Fault("CONFIG_INVALID", `${definition.name}: ${below.join(".")}: ${message}`, {
            details: { path: [...path, name, ...below] },
          }),
      ),
    );
  }
  const { open } = definition as unknown as { open: (config: unknown, context: TransformContext) => Opened };
  return open(checked.data, context);
}
