import type { Batch } from "../../core/batch.ts";
import { type Catalogue, type Named, openList } from "../../core/component.ts";
import { Rejection } from "../../core/rejection.ts";
import { type Transform, type TransformContext, upperCase } from "../transform.ts";
import { date } from "./date.ts";
import { ip } from "./ip.ts";
import { notEmpty } from "./not-empty.ts";
import { stellar } from "./stellar.ts";
import { domain, email, integer, regexMatch, url } from "./texts.ts";
import type { OpenValidation, ValidationDefinition } from "./validation.ts";

/** The validations Metron knows. */
export const validations: Catalogue<ValidationDefinition> = {
  kind: "validation",
  list: [date, domain, email, integer, ip, notEmpty, regexMatch, stellar, url],
  spelling: upperCase,
};

/**
 * Opens a list of validations, `{ IP: { input, config } }` each. All of them run; a message that fails any is
 * rejected as `parser_invalid` with the fields of those it failed, one that a validation cannot be asked about as
 * `parser_error`. Throws a `Fault` CONFIG_INVALID.
 * @param everywhere validations of every sensor, which run first
 */
export function openValidations(
  list: readonly Named[],
  context: TransformContext,
  catalogue: Catalogue<ValidationDefinition> = validations,
  everywhere: readonly OpenValidation[] = [],
): Transform {
  const opened = [...everywhere, ...openList(catalogue, list, context)];
  return (batch) => {
    const mistakes = new Map<number, OpenValidation[]>();
    for (const validation of opened) check(batch, validation, mistakes);
    for (const [row, failed] of mistakes) {
      if (batch.live[row] === 1) batch.reject(row, rejectionOf(failed));
    }
  };
}

function check(batch: Batch, validation: OpenValidation, mistakes: Map<number, OpenValidation[]>): void {
  const verdictOf = validation.validate(batch, validation.fields);
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0) continue;
    const verdict = verdictOf(row);
    if (verdict === "valid") continue;
    if (verdict === "invalid") {
      const known = mistakes.get(row);
      if (known === undefined) mistakes.set(row, [validation]);
      else known.push(validation);
    } else {
      batch.reject(row, new Rejection("parser_error", `validation ${validation.name}: ${verdict.failure}`));
    }
  }
}

function rejectionOf(failed: readonly OpenValidation[]): Rejection {
  const fields = [...new Set(failed.flatMap((validation) => validation.fields))];
  const names = failed.map(({ name, fields: own }) =>
    own.length === 0 ? name : `${name} (${own.join(", ")})`,
  );
  return new Rejection("parser_invalid", `failed the validation ${names.join(" and ")}`, { fields });
}
