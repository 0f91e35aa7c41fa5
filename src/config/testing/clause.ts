import assert from "node:assert/strict";
import { z } from "zod";
import type { Definition } from "../../core/component.ts";

/**
 * What a component promises, as tests that any runner can run: a clause throws when it does not hold. Ours run them, and
 * packages get them as `metron/testing`.
 */
export type Clause = { readonly name: string; readonly holds: () => void };

type Options = { readonly properties?: Readonly<Record<string, Option>> };
type Option = Options & { readonly description?: string };

/** What components of every kind promise: they say what they are and what each option means, and take no other. */
export function statedContract({ summary, config }: Definition): Clause[] {
  return [
    {
      name: "says in one sentence what it does",
      holds: () => assert.match(summary, /^[A-Z][^\n]*[^.]\.$/),
    },
    {
      name: "describes every option",
      holds: () => assert.deepEqual(undescribed(z.toJSONSchema(config, { io: "input" }) as Options, ""), []),
    },
  ];
}

function undescribed({ properties = {} }: Options, path: string): string[] {
  return Object.entries(properties).flatMap(([key, option]) => [
    ...(option.description?.endsWith(".") ? [] : [`${path}${key}`]),
    ...undescribed(option, `${path}${key}.`),
  ]);
}
