import { Button } from "@mantine/core";
import { timeText, useZone } from "../../../parts/clock.ts";
import { countText } from "../../../parts/numbers.ts";
import "./rows-banner.css";

type Props = {
  readonly waiting: number;
  /** The server does not answer, so the rows are as of `since`. */
  readonly stale: boolean;
  /** The query has a mistake, so the rows are those of the last query that ran. */
  readonly refused: boolean;
  /** When the rows shown were fetched. */
  readonly since: number;
  readonly onShow: () => void;
  readonly onRetry: () => void;
};

/** What is to be said about the rows shown: that they are old, or that new ones wait. */
export function RowsBanner({ waiting, stale, refused, since, onShow, onRetry }: Props) {
  useZone();
  if (stale) {
    return (
      <div className="banner" data-tone="failing" role="alert">
        <span>
          The server does not answer. These rows are of {timeText(since).slice(11, 19)}; it is tried again.
        </span>
        <Button onClick={onRetry}>Try now</Button>
      </div>
    );
  }
  if (refused) {
    return (
      <div className="banner" role="status">
        <span>The query has a mistake. These rows are of the last one that ran.</span>
      </div>
    );
  }
  if (waiting === 0) return null;
  return (
    <div className="banner" role="status">
      <Button onClick={onShow} variant="filled">
        {countText(waiting)} new: show (.)
      </Button>
    </div>
  );
}
