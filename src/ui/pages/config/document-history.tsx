import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type DocumentHead, documentDiff, documentHistory, rollbackDocument } from "../../../api/config.ts";
import { call, problemOf } from "../../call.ts";
import { timeText, useZone, zoneName } from "../../parts/clock.ts";
import { hunksOf, markedLines } from "./diff-hunks.ts";

type Props = {
  readonly head: DocumentHead;
  /** There are changes that returning to a version would discard. */
  readonly unpublished: boolean;
  readonly onChanged: () => void;
};

/** The versions of a document: who, when, why; what each changed; and the way back to it. */
export function DocumentHistory({ head, unpublished, onChanged }: Props) {
  const { kind, name, version: latest } = head;
  useZone();
  const [shown, setShown] = useState<number>();
  const history = useQuery({
    queryKey: ["history", kind, name, latest],
    queryFn: async ({ signal }) => (await call(documentHistory, { params: { kind, name }, signal })).versions,
  });
  const rollback = useMutation({
    mutationFn: (version: number) => call(rollbackDocument, { params: { kind, name }, body: { version } }),
    onSuccess: onChanged,
  });
  return (
    <aside className="history" aria-label="History">
      <h3>History</h3>
      {rollback.error !== null && <p role="alert">{problemOf(rollback.error).detail}</p>}
      <ol>
        {history.data?.map(({ version, author, at, note }) => (
          <li key={version}>
            <div className="history-line">
              <b>Version {version}</b>
              {version === latest && <span className="dim">in force</span>}
            </div>
            <p className="dim">
              {author}, {timeText(at).slice(0, 16)} {zoneName()}
            </p>
            {note !== "" && <p>{note}</p>}
            <div className="history-actions">
              <Button
                size="compact-xs"
                aria-expanded={shown === version}
                onClick={() => setShown(shown === version ? undefined : version)}
              >
                {shown === version ? "Hide the changes" : "Show the changes"}
              </Button>
              {version !== latest && (
                <Button
                  size="compact-xs"
                  loading={rollback.isPending}
                  disabled={unpublished}
                  title={unpublished ? "Publish or discard your changes first" : undefined}
                  onClick={() => rollback.mutate(version)}
                >
                  Return to this
                </Button>
              )}
            </div>
            {shown === version && <Diff head={head} version={version} />}
          </li>
        ))}
      </ol>
    </aside>
  );
}

function Diff({ head: { kind, name }, version }: { head: DocumentHead; version: number }) {
  const { data } = useQuery({
    queryKey: ["diff", kind, name, version],
    queryFn: ({ signal }) =>
      call(documentDiff, { params: { kind, name }, query: { from: version - 1, to: version }, signal }),
  });
  const marks = { same: " ", added: "+", removed: "−" };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
    <pre className="diff" tabIndex={0}>
      {hunksOf(data?.lines ?? []).map((hunk, at) =>
        "left" in hunk ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: hunks have no other identity, and never move
          <span key={at} className="dim">{`${hunk.left} lines unchanged\n`}</span>
        ) : (
          markedLines(hunk.lines).map(({ change, parts: [head, changed, tail] }, line) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity, and never move
            <span key={`${at} ${line}`} data-change={change}>
              {`${marks[change]} ${head}`}
              {changed !== "" && <mark>{changed}</mark>}
              {`${tail}\n`}
            </span>
          ))
        ),
      )}
    </pre>
  );
}
