import { Button } from "@mantine/core";
import { localTime } from "../../parts/local-time.ts";
import { countText } from "../../parts/numbers.ts";

type Props = {
  readonly waiting: number;
  /** The server does not answer, so the rows are as of `since`. */
  readonly stale: boolean;
  /** When the rows shown were fetched. */
  readonly since: number;
  readonly onShow: () => void;
  readonly onRetry: () => void;
};

/** What is to be said about the rows shown: that they are old, or that new ones wait. */
export function RowsBanner({ waiting, stale, since, onShow, onRetry }: Props) {
  if (stale) {
    return (
      <div className="banner" data-tone="failing" role="alert">
        <span>
          The server does not answer. These rows are of {localTime(since).slice(11, 19)}; it is tried again.
        </span>
        <Button onClick={onRetry}>Try now</Button>
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
