import { type Field, field } from "../field.ts";

/** What triage says of a message. */
export const TRIAGE: readonly Field[] = [
  field("threat.triage.score", "number", "How alarming: the rules that matched, aggregated.", {
    ecs: "event.risk_score",
    ocsf: "risk_score",
  }),
  field("threat.triage.rules.#.name", "text", "Name of a rule that matched."),
  field("threat.triage.rules.#.comment", "text", "What the rule is for."),
  field("threat.triage.rules.#.score", "text", "The rule's expression of its score."),
  field("threat.triage.rules.#.points", "number", "What the rule added to the score."),
  field("threat.triage.rules.#.reason", "text", "Why the rule matched."),
];
