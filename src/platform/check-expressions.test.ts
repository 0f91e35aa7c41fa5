import { expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { checkExpressions } from "./check-expressions.ts";
import { openTestServices } from "./testing/stages.ts";

/** Checks a sensor document; answers `line:column path: message` for errors, and the same with `?` for warnings. */
async function check(...lines: readonly string[]): Promise<string[]> {
  await using services = await openTestServices();
  const text = ["sensor: web", "parser: { jsonMap: {} }", ...lines, ""].join("\n");
  const environment = services.environment(readGlobal("", "global"));
  const { errors, warnings } = checkExpressions(readSensor(text, "web"), environment, services.components);
  return [
    ...errors.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`),
    ...warnings.map(({ line, column, path, message }) => `${line}:${column}? ${path}: ${message}`),
  ];
}

test.each<[string, readonly string[], string]>([
  [
    "an unknown function in a transformation",
    ["transforms:", '  - STELLAR: { output: [a], config: { a: "1 + TO_UPER(host)" } }'],
    "4:47 transforms.0.STELLAR.config.a: `1 + TO_UPER(host)`: there is no function TO_UPER; did you mean TO_UPPER?",
  ],
  [
    "wrong arity in the short form",
    ["transforms:", "  - STELLAR:", "      a: b", "      c: STARTS_WITH(host)"],
    "6:10 transforms.0.STELLAR.c: `STARTS_WITH(host)`: STARTS_WITH takes 2 arguments, not 1; write STARTS_WITH(input, prefix)",
  ],
  [
    "a condition of REMOVE",
    ["transforms:", "  - REMOVE: { input: [a], config: { condition: NO_SUCH(a) } }"],
    "4:48 transforms.0.REMOVE.config.condition: `NO_SUCH(a)`: there is no function NO_SUCH",
  ],
  [
    "a filter",
    ["filter: { STELLAR: { query: 'not(TO_UPPER())' } }"],
    "3:34 filter.STELLAR.query: `not(TO_UPPER())`: TO_UPPER takes 1 argument, not 0; write TO_UPPER(input)",
  ],
  [
    "a validation",
    ["validations:", "  - STELLAR: { config: { condition: \"'a'\" } }"],
    "4:38 validations.0.STELLAR.config.condition: `'a'`: a rule must give a boolean, not a string",
  ],
  [
    "an enrichment in a group, in a block",
    ["enrichments:", "  stellar:", "    group:", "      a: |", "        1 +", "        TO_UPER('a')"],
    "8:9 enrichments.stellar.group.a: `1 +\nTO_UPER('a')\n`: there is no function TO_UPER; did you mean TO_UPPER?",
  ],
  [
    "an assignment in a list",
    ["threatIntel:", "  stellar:", "    - a := 1", "    - b := TO_UPER('a')"],
    "6:12 threatIntel.stellar.1: `TO_UPER('a')`: there is no function TO_UPER; did you mean TO_UPPER?",
  ],
  [
    "an expression in a text with escapes",
    ["enrichments:", "  stellar:", '    a: "TO_UPER(\\"a\\")"'],
    '5:9 enrichments.stellar.a: `TO_UPER("a")`: there is no function TO_UPER; did you mean TO_UPPER?',
  ],
])("%s is found at its place", async (_name, lines, expected) => {
  expect(await check(...lines)).toEqual([expected]);
});

test("the parts of a triage rule are checked, each at its place", async () => {
  const found = await check(
    "triage:",
    "  rules:",
    "    - rule: bytes > 5 and",
    "      score: A(1)",
    "    - { rule: LENGTH(a), score: 5, reason: \"'x' - 1\" }",
  );
  expect(found.map((line) => line.split(": ").slice(0, 1).join())).toEqual([
    "5:26 triage.rules.0.rule",
    "6:14 triage.rules.0.score",
    "7:15 triage.rules.1.rule",
    "7:49 triage.rules.1.reason",
  ]);
});

test.each<[string, string, string]>([
  [
    "a rule that is a field of another type",
    "{ rule: ip_src_addr, score: 5 }",
    "5:15 triage.rules.0.rule: `ip_src_addr`: a rule must give a boolean, and `ip_src_addr` holds a value of type ip; write exists(ip_src_addr), or compare it with something",
  ],
  [
    "a rule that is a field nobody knows",
    "{ rule: (odd), score: 5 }",
    "5:16? triage.rules.0.rule: `(odd)`: no field `odd` is known; where it does not hold a boolean, the rule rejects the message; write exists(odd), or compare it with something",
  ],
  [
    "a score that is a word",
    "{ rule: exists(a), score: ten }",
    "5:33? triage.rules.0.score: `ten`: no field `ten` is known; where it does not hold a number, the score rejects the message",
  ],
  [
    "a score that is a field of another type",
    "{ rule: exists(a), score: ip_src_addr }",
    "5:33 triage.rules.0.score: `ip_src_addr`: a score must give a number, and `ip_src_addr` holds a value of type ip",
  ],
  [
    "a score that is a text",
    "{ rule: exists(a), score: \"'ten'\" }",
    "5:34 triage.rules.0.score: `'ten'`: a score must give a number, not a string",
  ],
])("%s is told", async (_name, rule, expected) => {
  expect(await check("triage:", "  rules:", `    - ${rule}`)).toEqual([expected]);
});

test("fields that can be what is asked for are fine", async () => {
  const rules = [
    "{ rule: is_alert, score: ip_src_port }",
    "{ rule: suspicious, score: points }",
    "{ rule: exists(a), score: \"'10'\" }",
  ];
  const made = "enrichments: { stellar: { suspicious: a > 1, points: a * 2 } }";
  expect(await check(made, "triage:", "  rules:", ...rules.map((rule) => `    - ${rule}`))).toEqual([]);
});

test("for an editor a mistake is marked inside of its expression", async () => {
  await using services = await openTestServices();
  const rule = ["    - rule: >-", "        exists(a) and", "        TO_UPER(b) == 'X'", "      score: 5"];
  const text = ["sensor: web", "parser: { jsonMap: {} }", "triage:", "  rules:", ...rule, ""].join("\n");
  const environment = services.environment(readGlobal("", "global"));
  const { errors } = checkExpressions(readSensor(text, "web"), environment, services.components);
  expect(errors).toEqual([
    {
      line: 7,
      column: 9,
      path: "triage.rules.0.rule",
      message: "`exists(a) and TO_UPER(b) == 'X'`: there is no function TO_UPER; did you mean TO_UPPER?",
      marked: {
        message: "there is no function TO_UPER",
        length: 7,
        suggestion: "did you mean TO_UPPER?",
      },
    },
  ]);
});

test("traps are warnings", async () => {
  const [warning, ...more] = await check(
    "triage:",
    "  rules:",
    '    - { rule: "a > 1 and b > 1 or c > 1", score: 1 }',
  );
  expect(warning).toMatch(/^5:\d+\? triage\.rules\.0\.rule: /);
  expect(more).toEqual([]);
});

test("what needs a service that rules do not have is a mistake", async () => {
  const [mistake] = await check("enrichments: { stellar: { a: LOCAL_READ('/etc/passwd') } }");
  expect(mistake).toContain("LOCAL_READ needs localFiles, which this place does not provide");
});
