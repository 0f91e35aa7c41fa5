import { expect, test } from "vitest";
import { type Message, messageToJson } from "../core/message.ts";
import { compile } from "../stellar/run/compile.ts";
import { type Environment, layered, makeEnvironment } from "../stellar/run/environment.ts";
import { toMessage } from "../stellar/values/value.ts";
import { triageScorer } from "./scorer.ts";

/** What THREAT_TRIAGE_SCORE returns for a message and a document of Metron's form. */
function scoreBy(threatIntel: object, message: Message): unknown {
  const environment: Environment = makeEnvironment({ services: { triage: triageScorer(() => environment) } });
  const text = "THREAT_TRIAGE_SCORE(message, THREAT_TRIAGE_INIT(document))";
  const document = JSON.stringify({ threatIntel });
  const variables = layered({ message: JSON.stringify(message), document });
  return JSON.parse(messageToJson(toMessage(compile(text, environment).evaluate(variables))));
}

test("THREAT_TRIAGE_SCORE scores by a document of Metron's form", () => {
  const riskLevelRules = [
    { name: "r", comment: "why", rule: "a > 1", score: "a * 10", reason: "a" },
    { rule: "a > 9", score: 1 },
    { rule: "a == level", score: 2, reason: null },
  ];
  const config = { level: 3 };
  expect(scoreBy({ config, triageConfig: { riskLevelRules, aggregator: "SUM" } }, { a: 3 })).toStrictEqual({
    score: 32,
    aggregator: "SUM",
    rules: [
      { name: "r", comment: "why", rule: "a > 1", score: "a * 10", reason: "3" },
      { rule: "a == level", score: "2" },
    ],
  });
});

test.each<[triageConfig: object, score: unknown]>([
  [
    {
      riskLevelRules: [
        { rule: "true", score: 4 },
        { rule: "true", score: -9 },
      ],
    },
    "-Infinity",
  ],
  [
    {
      riskLevelRules: [
        { rule: "true", score: 4 },
        { rule: "true", score: 9 },
      ],
    },
    9,
  ],
  [
    {
      riskLevelRules: [
        { rule: "true", score: 4 },
        { rule: "true", score: -9 },
      ],
      aggregationConfig: { negativeValuesTrump: "false" },
    },
    4,
  ],
])(
  "THREAT_TRIAGE_SCORE by %j is %j: the greatest is taken unless another aggregator is named",
  (triageConfig, score) => {
    expect(scoreBy({ triageConfig }, {})).toMatchObject({ score, aggregator: "MAX" });
  },
);

test.each<[triageConfig: object, said: string]>([
  [{ riskLevelRules: [{ rule: "no_such", score: 4 }] }, "the rule `no_such` is null"],
  [{ riskLevelRules: [{ rule: "true", score: "no_such" }] }, "the score `no_such` is not a number"],
  [
    { riskLevelRules: [{ rule: "true", score: 1 }], aggregator: "most" },
    "there is no aggregator `most`; known are MAX, MIN,",
  ],
])("THREAT_TRIAGE_SCORE by %j says what is wrong", (triageConfig, said) => {
  expect(() => scoreBy({ triageConfig }, {})).toThrow(said);
});
