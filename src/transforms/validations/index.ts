import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { openEvery } from "../../core/every.ts";
import { Rejection } from "../../core/rejection.ts";
import { type Named, openNamed } from "../index.ts";
import { fieldsOption, type Transform, type TransformContext } from "../transform.ts";
import { date } from "./date.ts";
import { ip } from "./ip.ts";
import { notEmpty } from "./not-empty.ts";
import { stellar } from "./stellar.ts";
import { domain, email, integer, regexMatch, url } from "./texts.ts";
import type { Validate } from "./validation.ts";

/** The validations Metron knows. */
export const validations = [date, domain, email, integer, ip, notEmpty, regexMatch, stellar, url] as const;

/** What every validation is given: the fields it looks at and its own options. */
const validationItem = z.strictObject({
  input: fieldsOption.describe("Fields to check; the whole message when left out."),
  config: z.unknown().optional().describe("Options of the validation."),
});

type Opened = { readonly name: string; readonly fields: readonly string[]; readonly validate: Validate };

/**
 * Opens a list of validations, `{ IP: { input, config } }` each. All of them run; a message that fails any is
 * rejected as `parser_invalid` with the fields of those it failed, one that a validation cannot be asked about as
 * `parser_error`. Throws a `Fault` CONFIG_INVALID.
 */
export function openValidations(list: readonly Named[], context: TransformContext): Transform {
  const opened = openEvery(list, (item, index) =>
    openEvery(Object.entries(item), ([name, options]) => openValidation(name, options, context, index)),
  ).flat();
  return (batch) => {
    const mistakes = new Map<number, Opened[]>();
    for (const validation of opened) check(batch, validation, mistakes);
    for (const [row, failed] of mistakes) {
      if (batch.live[row] === 1) batch.reject(row, rejectionOf(failed));
    }
  };
}

function openValidation(name: string, options: unknown, context: TransformContext, index: number): Opened {
  const { input = [], config } = validationItem.parse(options ?? {});
  const validate = openNamed<Validate>(validations, name, config, context, [index]);
  return { name: name.toUpperCase(), fields: input, validate };
}

function check(batch: Batch, validation: Opened, mistakes: Map<number, Opened[]>): void {
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

function rejectionOf(failed: readonly Opened[]): Rejection {
  const fields = [...new Set(failed.flatMap((validation) => validation.fields))];
  const names = failed.map(({ name, fields: own }) =>
    own.length === 0 ? name : `${name} (${own.join(", ")})`,
  );
  return new Rejection("parser_invalid", `failed the validation ${names.join(" and ")}`, { fields });
}
