import type { Field } from "./field.ts";
import { Schema, schema } from "./schema.ts";

/**
 * What this thread stores and searches fields as: the fields that come with the program, and those that only extensions
 * declare. Extensions come and go while the program runs, so each thread is told which are in force.
 */
let added = new Schema([]);
let fields: readonly Field[] = [];
let key = "[]";
let version = 0;

/** Takes the declarations of the extensions in force, in place of those before. The program's own always go first. */
export function declareFields(more: readonly Field[]): void {
  const next = JSON.stringify(more);
  if (next === key) return;
  [added, fields, key] = [new Schema(more), more, next];
  version++;
}

/** What is declared of a field; undefined when nothing is. */
export function declaredField(name: string): Field | undefined {
  return schema.find(name) ?? added.find(name);
}

/** What extensions declare, to be handed to another thread. */
export function addedFields(): readonly Field[] {
  return fields;
}

/** Changes with what is declared: caches of what follows from the declaration of a field are dropped then. */
export function declarationsVersion(): number {
  return version;
}
