import { scoreText, severityOf } from "../score.ts";
import "./score-bar.css";

/** Scores are open above, but analysts think in a hundred. */
const FULL = 100;

/** A score as a bar and a number. */
export function ScoreBar({ score }: { score: number | undefined }) {
  if (score === undefined) return <span className="score score-none">–</span>;
  const share = Math.max(0, Math.min(1, score / FULL));
  return (
    <span className="score" data-severity={severityOf(score)}>
      <span className="score-number">{scoreText(score)}</span>
      <span className="score-track">
        <span className="score-fill" style={{ width: `${share * 100}%` }} />
      </span>
    </span>
  );
}
