import { Button, CloseButton } from "@mantine/core";
import { problemOf } from "../../../call.ts";
import { countText } from "../../../parts/numbers.ts";
import type { NotKept } from "../use-status-change.ts";
import "./rows-banner.css";

type Props = { readonly notKept: NotKept; readonly onRetry: () => void; readonly onForget: () => void };

/** Changes of a status that were not kept, until they are, or somebody has read of them. */
export function NotKeptBanner({ notKept, onRetry, onForget }: Props) {
  const [first] = notKept.values();
  if (first === undefined) return null;
  const { code, detail } = problemOf(first.error);
  const what = notKept.size === 1 ? "The status was" : `The status of ${countText(notKept.size)} alerts was`;
  return (
    <div className="banner" data-tone="failing">
      <span role="alert">
        {/* It may answer again while this is read. */}
        {what} not changed: {code === "SERVER_UNREACHABLE" ? "the server did not answer." : detail}
      </span>
      <Button onClick={onRetry}>Try again</Button>
      <CloseButton size="xs" aria-label="Do not show this any more" onClick={onForget} />
    </div>
  );
}
