import { expect, test } from "vitest";
import { heaviestRules, scoreOf, scoreStory, scoreText, severityOf } from "./score.ts";

const message = (score: unknown, ...rules: [name: string | null, score: string][]) => ({
  "threat.triage.score": score,
  ...Object.fromEntries(
    rules.flatMap(([name, stated], at) => [
      [`threat.triage.rules.${at}.name`, name],
      [`threat.triage.rules.${at}.score`, stated],
    ]),
  ),
});

const names = (scored: ReturnType<typeof message>) => heaviestRules(scored).map(({ name }) => name);

test.each([
  [undefined, "none"],
  [0, "low"],
  [39, "low"],
  [39.5, "medium"],
  [69, "medium"],
  [70, "high"],
  [5000, "high"],
  [Number.NEGATIVE_INFINITY, "low"],
] as const)("a score of %s is %s", (score, severity) => {
  expect(severityOf(score)).toBe(severity);
});

test("a score that JSON cannot say comes as text", () => {
  expect(scoreOf({ "threat.triage.score": "-Infinity" })).toBe(Number.NEGATIVE_INFINITY);
  expect(scoreOf({ "threat.triage.score": "12.5" })).toBe(12.5);
  expect(scoreOf({ "threat.triage.score": "soon" })).toBeUndefined();
  expect(scoreText(Number.NEGATIVE_INFINITY)).toBe("−∞");
  expect(scoreText(33.333)).toBe("33.3");
});

test.each([
  [message(80, ["a", "80"]), "One rule matched; its score is the message's."],
  [message(80, ["a", "80"], ["b", "10"]), "The highest of 2 rules counts."],
  [message(90, ["a", "80"], ["b", "10"]), "The sum of 2 rules."],
  [message(10, ["a", "80"], ["b", "10"]), "The lowest of 2 rules counts."],
  [message(45, ["a", "80"], ["b", "10"]), "The mean of 2 rules."],
  [message(45, ["a", "80"], ["b", "10"], ["c", "0"]), "The mean of the 2 rules above zero."],
  [message("-Infinity", ["a", "80"], ["b", "-1"]), "A negative score trumps all others."],
  [message(50, ["a", "priority * 10"], ["b", "1"]), "2 rules matched; some scores are computed per message."],
  [message(undefined), undefined],
])("%j: %s", (given, expected) => {
  expect(scoreStory(given).sum).toBe(expected);
});

test("a computed score counts with its points, and stays what the rule states", () => {
  const computed = {
    ...message(75, ["severity", "if severity == 1 then 75 else 5"], ["address", "70"]),
    "threat.triage.rules.0.points": 75,
    "threat.triage.rules.0.reason": "ET MALWARE beacon",
  };
  expect(scoreStory(computed)).toMatchObject({
    sum: "The highest of 2 rules counts.",
    rules: [{ points: 75, score: "if severity == 1 then 75 else 5" }, { points: 70 }],
  });
  expect(heaviestRules(computed)[0]).toMatchObject({ name: "severity", reason: "ET MALWARE beacon" });
});

test("the rule that decided comes first", () => {
  expect(names(message(5, ["heavy", "9"], ["lowest", "5"]))).toEqual(["lowest", "heavy"]);
  expect(names(message("-Infinity", ["heavy", "9"], ["fine", "-1"]))).toEqual(["fine", "heavy"]);
});

test("rules are named by weight, then in the order they ran, past the tenth too", () => {
  const many = Array.from({ length: 12 }, (_, at): [string, string] => [`rule ${at}`, "1"]);
  expect(names(message(1, ...many))).toEqual(many.map(([name]) => name));
  expect(names(message(1, [null, "5"]))).toEqual(["Rule 1"]);
  expect(names(message(9, ["light", "5"], ["heavy", "9"]))).toEqual(["heavy", "light"]);
});
