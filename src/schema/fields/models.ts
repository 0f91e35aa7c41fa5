import { type Field, field } from "../field.ts";

/** What a model says of a message. A shadow writes the same below `models.NAME.shadow.VERSION`. */
export const MODELS: readonly Field[] = [
  field("models.*.score", "number", "What the model makes of the message."),
  field("models.*.version", "text", "Version of the model that scored the message."),
  field("models.*.reasons", "text", "The features that raised the score most, and by how much."),
  field("models.*.absent", "text", "Why the message has no score."),
];
