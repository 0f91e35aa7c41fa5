import type { StoredMessage } from "../../../../../api/selection.ts";
import { type MatchedRule, scoreStory, scoreText, severityOf } from "../../score.ts";
import { definePane } from "../pane.ts";
import "./score.css";

export const scorePane = definePane({
  id: "score",
  title: "How the score came about",
  appliesTo: (message) => message.is_alert !== undefined,
  View: ScoreExplained,
});

/** The score and every rule that matched: what it gave, why, and how they became one number. */
function ScoreExplained({ message }: { message: StoredMessage }) {
  const { score, rules, sum, adds } = scoreStory(message);
  if (score === undefined && rules.length === 0) {
    return (
      <p className="dim">An alert by its sensor or by threat intelligence; no triage rule matched it.</p>
    );
  }
  const points = rules.map((rule) => Math.max(0, rule.points ?? 0));
  const full = Math.max(
    100,
    adds ? points.reduce((total, value) => total + value, 0) : Math.max(0, ...points),
  );
  let reached = 0;
  const bars = points.map((value) => {
    const start = adds ? reached : 0;
    reached += value;
    return { left: (start / full) * 100, width: (value / full) * 100 };
  });
  return (
    <div className="story">
      <p className="story-score" data-severity={severityOf(score)}>
        <b>{score === undefined ? "–" : scoreText(score)}</b>
        <span>{sum ?? "No rule says why."}</span>
      </p>
      <ol aria-label="Rules that matched">
        {rules.map((rule, at) => (
          <RuleItem
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is known by its place, names may repeat
            key={at}
            rule={rule}
            bar={bars[at]}
            counts={adds || rule.points === undefined || rule.points === score}
          />
        ))}
      </ol>
    </div>
  );
}

type RuleItemProps = {
  readonly rule: MatchedRule;
  readonly bar: { readonly left: number; readonly width: number } | undefined;
  /** Whether the rule's score shows in the message's. */
  readonly counts: boolean;
};

function RuleItem({ rule, bar, counts }: RuleItemProps) {
  return (
    <li className="story-rule" data-counts={counts || undefined} data-severity={severityOf(rule.points)}>
      <div className="story-line">
        <b>{rule.name ?? "Rule without a name"}</b>
        <code>{scoreStated(rule)}</code>
      </div>
      {bar !== undefined && rule.points !== undefined && (
        <div className="story-track">
          <span style={{ left: `${bar.left}%`, width: `${bar.width}%` }} />
        </div>
      )}
      {rule.reason !== undefined && <p className="story-reason">{rule.reason}</p>}
      {rule.comment !== undefined && <p className="dim">{rule.comment}</p>}
    </li>
  );
}

/** What the rule gave: the points, with the expression that came to them where there is one. */
function scoreStated({ score, points }: MatchedRule): string {
  if (score === "") return "no score";
  return points === undefined || score === String(points) ? score : `${scoreText(points)} = ${score}`;
}
