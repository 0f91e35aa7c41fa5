/**
 * What extension packages import as `metron`: the types of components, and the few values that they share with the
 * platform. A package needs nothing else of ours, and brings no zod of its own.
 */
export { z } from "zod";
export type { Extension } from "./config/components.ts";
export { Batch } from "./core/batch.ts";
export type { Context } from "./core/context.ts";
export { Fault } from "./core/fault.ts";
export type { FieldValue, Message } from "./core/message.ts";
export { Rejection } from "./core/rejection.ts";
export { decodeText, encodeText } from "./core/text.ts";
export { type Field, field, mixed } from "./schema/field.ts";
export { assignment, expression, predicate, score } from "./stellar/language/option.ts";
