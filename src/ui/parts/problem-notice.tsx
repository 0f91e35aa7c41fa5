import { Button } from "@mantine/core";
import { problemOf } from "../call.ts";
import { Notice } from "./notice.tsx";
import { WithCode } from "./with-code.tsx";

/** A failed call: what was being done, what to do about it, and a way to try again. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { title, detail, advice, code } = problemOf(error);
  return (
    <Notice
      title={title}
      tone="failing"
      actions={onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    >
      <p>
        <WithCode text={detail} />
      </p>
      <p>
        <WithCode text={advice} />
      </p>
      <p className="dim">{code}</p>
    </Notice>
  );
}
