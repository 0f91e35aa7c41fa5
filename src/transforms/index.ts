import type { Batch } from "../core/batch.ts";
import { type Catalogue, type Named, openList } from "../core/component.ts";
import { communityIdTransform } from "./community-id.ts";
import { ipProtocol } from "./ip-protocol.ts";
import { regexSelect } from "./regex-select.ts";
import { remove } from "./remove.ts";
import { rename } from "./rename.ts";
import { select } from "./select.ts";
import { stellar } from "./stellar.ts";
import { type Transform, type TransformContext, type TransformDefinition, upperCase } from "./transform.ts";

/** The field transformations Metron knows. */
export const transforms: Catalogue<TransformDefinition> = {
  kind: "field transformation",
  list: [communityIdTransform, ipProtocol, regexSelect, remove, rename, select, stellar],
  spelling: upperCase,
};

/**
 * Opens a list of field transformations to run in order. Names may be written in either case.
 * Throws a `Fault` CONFIG_INVALID with the path of the item that is wrong in `details`.
 */
export function openTransforms(
  list: readonly Named[],
  context: TransformContext,
  catalogue: Catalogue<TransformDefinition> = transforms,
): Transform {
  const opened = openList(catalogue, list, context);
  return (batch: Batch) => {
    for (const transform of opened) transform(batch);
  };
}
