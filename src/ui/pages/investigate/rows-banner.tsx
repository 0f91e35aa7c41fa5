import { Button } from "@mantine/core";
import { countText } from "../../parts/numbers.ts";
import { localTime } from "./time-range.ts";

type Props = {
  readonly waiting: number;
  readonly live: boolean;
  readonly failed: boolean;
  readonly lost: boolean;
  /** When the rows shown were fetched. */
  readonly since: number;
  readonly onShow: () => void;
  readonly onRetry: () => void;
};

/** What is to be said about the rows shown: that they are old, or that new ones wait. */
export function RowsBanner({ waiting, live, failed, lost, since, onShow, onRetry }: Props) {
  if (failed || (live && lost)) {
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
