/** Threat triage rules in an enrichment document, and an engine to try them out. */
import { StellarError } from "../language/error.ts";
import { defineFunction, defineServiceFunction, type Namespace, raises } from "../language/function.ts";
import {
  type Collection,
  isCollection,
  isNumeric,
  type Opaque,
  StellarMap,
  toText,
  typeName,
  type Value,
} from "../values/value.ts";
import { listUnder, mapAt, mapUnder, readDocument, writeDocument } from "./document.ts";
import { drawTable } from "./text-table.ts";

/** A rule that applied to a message. */
export type FiredRule = {
  readonly name: string | undefined;
  readonly comment: string | undefined;
  readonly rule: string;
  /** The score's expression. */
  readonly score: string;
  readonly reason: string | undefined;
};

/** Scores a message by the triage rules of an enrichment document; throws a StellarError for a faulty document. */
export type TriageScorer = (
  document: StellarMap,
  message: StellarMap,
) => { readonly score: number; readonly aggregator: string; readonly rules: readonly FiredRule[] };

declare module "../run/services.ts" {
  interface Services {
    readonly triage?: TriageScorer;
  }
}

/** The engine of THREAT_TRIAGE_INIT: a document that rules are added to and messages scored by. */
class TriageEngine implements Opaque {
  static readonly stellarType: string = "triage engine";
  readonly stellarType: string = "triage engine";
  readonly document: StellarMap;

  constructor(document: StellarMap) {
    this.document = document;
  }
  toText(): string {
    return `ThreatTriage{${rulesOf(this.document).length} rule(s)}`;
  }
}

const AGGREGATORS: readonly string[] = ["MAX", "MIN", "MEAN", "SUM", "POSITIVE_MEAN"];
const CONFIG = {
  name: "config",
  type: "any",
  about: "The sensor's enrichment configuration as JSON, or the engine that THREAT_TRIAGE_INIT gave.",
} as const;
const ENGINE = {
  name: "engine",
  type: TriageEngine,
  about: "The engine that THREAT_TRIAGE_INIT gave.",
} as const;

const threatTriageInit = defineFunction({
  name: "THREAT_TRIAGE_INIT",
  summary: "Makes a triage engine to try rules with.",
  params: [
    {
      name: "config",
      type: "string",
      about: "The enrichment configuration as JSON; without rules unless given.",
      optional: true,
    },
  ],
  returns: "object",
  pure: false,
  examples: [
    ["TO_STRING(THREAT_TRIAGE_INIT())", "ThreatTriage{0 rule(s)}"],
    ["THREAT_TRIAGE_INIT(null)", raises("must not be empty")],
  ],
  call: (config) => new TriageEngine(config === undefined ? new StellarMap() : readDocument(config)),
});

const threatTriageConfig = defineFunction({
  name: "THREAT_TRIAGE_CONFIG",
  summary: "Gives the configuration of a triage engine as JSON.",
  params: [ENGINE],
  returns: "string",
  pure: false,
  examples: [["THREAT_TRIAGE_CONFIG(THREAT_TRIAGE_INIT('{}'))", "{ }"]],
  call: (engine) => writeDocument(existing(engine).document),
});

const threatTriageScore = defineServiceFunction({
  name: "THREAT_TRIAGE_SCORE",
  summary: "Scores a message by the rules of a triage engine.",
  params: [{ name: "message", type: "string", about: "The message as JSON." }, ENGINE],
  returns: "map",
  result: "A map of score, aggregator, and the list of the rules that applied.",
  needs: ["triage"],
  examples: [],
  call: ({ triage }, message, engine) => {
    const { score, aggregator, rules } = triage(existing(engine).document, readDocument(message));
    return new StellarMap([
      ["score", score],
      ["aggregator", aggregator],
      ["rules", rules.map((rule) => mapOf(rule))],
    ]);
  },
});

const threatTriageAdd = defineFunction({
  name: "THREAT_TRIAGE_ADD",
  summary: "Adds triage rules and gives the new JSON.",
  params: [
    CONFIG,
    {
      name: "rules",
      type: "any",
      about:
        "A map with rule and score, and with name, comment and reason if wanted; or a list of such maps.",
    },
  ],
  returns: "string",
  pure: false,
  examples: [
    [
      "THREAT_TRIAGE_ADD('{ }', {'rule' : 'a > 1', 'score' : 10})",
      [
        "{",
        '  "threatIntel" : {',
        '    "triageConfig" : {',
        '      "riskLevelRules" : [ {',
        '        "rule" : "a > 1",',
        '        "score" : 10',
        "      } ]",
        "    }",
        "  }",
        "}",
      ].join("\n"),
    ],
    ["THREAT_TRIAGE_ADD('{ }', 5)", raises("map")],
  ],
  call: (config, added) => {
    const document = documentOf(config);
    const rules = listUnder(triageConfig(document), "riskLevelRules");
    for (const rule of isCollection(added) ? added : [added]) {
      if (!(rule instanceof StellarMap))
        throw new StellarError(`a rule must be a map, not a ${typeName(rule)}`);
      const made = ruleOf(rule);
      if (made !== undefined) rules.push(made);
    }
    return writeDocument(document);
  },
});

const threatTriageRemove = defineFunction({
  name: "THREAT_TRIAGE_REMOVE",
  summary: "Removes triage rules and gives the new JSON.",
  params: [
    CONFIG,
    { name: "rules", type: "collection", about: "The rules to remove, by their text or their name." },
  ],
  returns: "string",
  pure: false,
  examples: [
    [
      "THREAT_TRIAGE_REMOVE(THREAT_TRIAGE_ADD('{ }', {'rule' : 'a > 1', 'score' : 10}), ['a > 1'])",
      [
        "{",
        '  "threatIntel" : {',
        '    "triageConfig" : {',
        '      "riskLevelRules" : [ ]',
        "    }",
        "  }",
        "}",
      ].join("\n"),
    ],
  ],
  call: (config, removed) => {
    const document = documentOf(config);
    const names = Array.from(removed ?? ([] as Collection), toText);
    const isRemoved = (rule: StellarMap) =>
      [rule.get("rule"), rule.get("name")].some((text) => names.includes(text as string));
    triageConfig(document).set(
      "riskLevelRules",
      rulesOf(document).filter((rule) => !isRemoved(rule)),
    );
    return writeDocument(document);
  },
});

const threatTriageSetAggregator = defineFunction({
  name: "THREAT_TRIAGE_SET_AGGREGATOR",
  summary: "Sets how the scores of several triage rules become one, and gives the new JSON.",
  params: [
    CONFIG,
    { name: "aggregator", type: "string", about: "MIN, MAX, MEAN, SUM or POSITIVE_MEAN." },
    { name: "settings", type: "map", about: "Settings of the aggregator.", optional: true },
  ],
  returns: "string",
  pure: false,
  examples: [
    [
      "THREAT_TRIAGE_SET_AGGREGATOR('{ }', 'MEAN')",
      [
        "{",
        '  "threatIntel" : {',
        '    "triageConfig" : {',
        '      "aggregator" : "MEAN"',
        "    }",
        "  }",
        "}",
      ].join("\n"),
    ],
    ["THREAT_TRIAGE_SET_AGGREGATOR('{ }', 'MEDIAN')", raises("POSITIVE_MEAN")],
  ],
  call: (config, aggregator, settings) => {
    if (aggregator === null || !AGGREGATORS.includes(aggregator)) {
      throw new StellarError(`the aggregator is one of ${AGGREGATORS.join(", ")}, not \`${aggregator}\``);
    }
    const document = documentOf(config);
    triageConfig(document).set("aggregator", aggregator);
    if (settings != null) triageConfig(document).set("aggregationConfig", settings);
    return writeDocument(document);
  },
});

const threatTriagePrint = defineFunction({
  name: "THREAT_TRIAGE_PRINT",
  summary: "Draws triage rules as a table.",
  params: [CONFIG],
  returns: "string",
  pure: false,
  examples: [["THREAT_TRIAGE_PRINT('{ }') == THREAT_TRIAGE_PRINT(THREAT_TRIAGE_INIT())", true]],
  call: (config) => {
    const document = documentOf(config);
    const rules = rulesOf(document);
    const table = drawTable({
      headers: ["Name", "Comment", "Triage Rule", "Score", "Reason"],
      rows: rules.map((rule) => ["name", "comment", "rule", "score", "reason"].map((key) => cell(rule, key))),
    });
    if (rules.length === 0) return table;
    const aggregator = mapAt(document, "threatIntel", "triageConfig")?.get("aggregator") ?? "MAX";
    return `${table}\nAggregation: ${toText(aggregator)}`;
  },
});

export const triageManagement: Namespace = {
  name: "triageManagement",
  summary: "Edit threat triage rules and try them out.",
  functions: [
    threatTriageAdd,
    threatTriageConfig,
    threatTriageInit,
    threatTriagePrint,
    threatTriageRemove,
    threatTriageScore,
    threatTriageSetAggregator,
  ],
};

function documentOf(config: Value): StellarMap {
  if (config instanceof TriageEngine) return config.document;
  if (config === null || typeof config === "string") return readDocument(config);
  throw new StellarError(`the configuration must be JSON or a triage engine, not a ${typeName(config)}`);
}

function triageConfig(document: StellarMap): StellarMap {
  return mapUnder(mapUnder(document, "threatIntel"), "triageConfig");
}

function rulesOf(document: StellarMap): readonly StellarMap[] {
  const rules = mapAt(document, "threatIntel", "triageConfig")?.get("riskLevelRules");
  return Array.isArray(rules) ? rules.filter((rule) => rule instanceof StellarMap) : [];
}

/** A rule with the keys that rules have; undefined without a rule and a score. */
function ruleOf(given: StellarMap): StellarMap | undefined {
  const score = given.get("score") ?? null;
  if ((given.get("rule") ?? null) === null || score === null) return undefined;
  const rule = new StellarMap();
  for (const key of ["name", "comment", "rule", "score", "reason"]) {
    const value = given.get(key) ?? null;
    if (value !== null) rule.set(key, key === "score" && isNumeric(value) ? value : toText(value));
  }
  return rule;
}

function cell(rule: StellarMap, key: string): string {
  const value = rule.get(key) ?? null;
  return value === null ? "" : toText(value);
}

function mapOf(rule: FiredRule): StellarMap {
  const map = new StellarMap();
  for (const key of ["name", "rule", "score", "reason", "comment"] as const) {
    const value = rule[key];
    if (value !== undefined) map.set(key, value);
  }
  return map;
}

function existing(engine: TriageEngine | null): TriageEngine {
  if (engine === null) throw new StellarError("the triage engine must not be null");
  return engine;
}
