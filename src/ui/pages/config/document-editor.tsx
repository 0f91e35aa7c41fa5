import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type DocumentHead, getDocument, publishDocument } from "../../../api/config.ts";
import type { Diagnostic } from "../../../api/problem.ts";
import { call, problemOf } from "../../call.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { WithCode } from "../../parts/with-code.tsx";
import { DocumentHistory } from "./document-history.tsx";
import { LeaveGuard } from "./leave-guard.tsx";
import { useDocumentCheck, useExpressionWords } from "./use-document-check.ts";
import { YamlEditor } from "./yaml-editor.tsx";

const NO_DIAGNOSTICS: readonly Diagnostic[] = [];

/** One document: its text, what is wrong with it, publishing it, and its versions. */
export function DocumentEditor({ head }: { head: DocumentHead }) {
  const { kind, name } = head;
  const client = useQueryClient();
  // A draft belongs to the version it was begun from, so that somebody else's publish is never overwritten unseen.
  const [draft, setDraft] = useState<{ readonly text: string; readonly base: number }>();
  const base = draft?.base ?? head.version;
  const [note, setNote] = useState("");
  // The editor keeps its own text; counting up starts it again from the published one.
  const [resets, setResets] = useState(0);
  const current = useQuery({
    queryKey: ["document", kind, name, base],
    queryFn: ({ signal }) => call(getDocument, { params: { kind, name }, query: { version: base }, signal }),
  });
  const discard = () => {
    setDraft(undefined);
    setResets(resets + 1);
  };
  const refresh = async () => {
    setDraft(undefined);
    setNote("");
    await client.invalidateQueries({ queryKey: ["documents"] });
  };
  const text = draft?.text ?? current.data?.text;
  const checked = useDocumentCheck(head, text);
  const words = useExpressionWords();
  const places = useMemo(
    () =>
      checked.data?.expressions === undefined
        ? undefined
        : { text: checked.data.text, expressions: checked.data.expressions },
    [checked.data],
  );
  // Mistakes are underlined as they are made; in words they are told when asked for.
  const [asked, setAsked] = useState(false);
  const publish = useMutation({
    mutationFn: (text: string) =>
      call(publishDocument, {
        params: { kind, name },
        body: { text, note, base },
      }),
    onSuccess: refresh,
  });
  // What is being written stays, whatever becomes of a later call.
  if (current.error !== null && current.data === undefined)
    return <ProblemNotice error={current.error} onRetry={() => current.refetch()} />;
  if (current.data === undefined) return <p className="notice dim">Reading…</p>;
  const changed = draft !== undefined && draft.text !== current.data.text;
  const problem = publish.error === null ? undefined : problemOf(publish.error);
  const found = checked.data?.text === text ? checked.data : undefined;
  const diagnostics = problem?.diagnostics ?? found?.diagnostics ?? NO_DIAGNOSTICS;
  return (
    <section className="document" aria-label={`Document ${name}`}>
      <LeaveGuard changed={changed ? name : undefined} />
      <header className="document-head">
        <h2>{name}</h2>
        <span className="dim">
          version {head.version}, by {head.author}
          {base !== head.version && `, published while you changed version ${base}`}
        </span>
        <TextInput
          className="document-note"
          aria-label="What changes and why"
          placeholder="What changes and why"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Button loading={asked && found === undefined} onClick={() => setAsked(true)}>
          Check
        </Button>
        <Button disabled={!changed} onClick={discard}>
          Discard
        </Button>
        <Button
          variant="filled"
          disabled={!changed}
          loading={publish.isPending}
          onClick={() => publish.mutate(text ?? "")}
        >
          Publish
        </Button>
      </header>
      <Verdict
        problem={problem?.detail}
        advice={problem?.advice}
        diagnostics={problem !== undefined || asked ? diagnostics : NO_DIAGNOSTICS}
        checked={asked && found !== undefined}
        published={publish.isSuccess && !changed}
      />
      <div className="document-body">
        <YamlEditor
          label={`YAML of ${name}`}
          start={current.data.text}
          key={resets}
          diagnostics={diagnostics}
          places={places}
          words={words}
          onChange={(next) => {
            publish.reset();
            setAsked(false);
            setDraft({ text: next, base });
          }}
        />
        <DocumentHistory head={head} unpublished={changed} onChanged={refresh} />
      </div>
    </section>
  );
}

type VerdictProps = {
  readonly problem: string | undefined;
  readonly advice: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly checked: boolean;
  readonly published: boolean;
};

function Verdict({ problem, advice, diagnostics, checked, published }: VerdictProps) {
  if (problem === undefined && diagnostics.length === 0) {
    if (!checked && !published) return null;
    return (
      <p className="verdict" role="status">
        {published ? "Published: in force at the next batch." : "Nothing is wrong with it."}
      </p>
    );
  }
  return (
    <div className="verdict" data-tone="failing" role="alert">
      {problem !== undefined && (
        <p>
          <WithCode text={problem} />
        </p>
      )}
      <ul>
        {diagnostics.map(({ line, column, message, suggestion }) => (
          <li key={`${line}:${column}:${message}`}>
            <b>
              Line {line}, column {column}:
            </b>{" "}
            <WithCode text={suggestion === undefined ? message : `${message}; ${suggestion}`} />
          </li>
        ))}
      </ul>
      {advice !== undefined && (
        <p className="dim">
          <WithCode text={advice} />
        </p>
      )}
    </div>
  );
}
