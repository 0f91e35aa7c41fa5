import { useQuery } from "@tanstack/react-query";
import { messageHistory } from "../../../../../api/messages.ts";
import type { StoredMessage } from "../../../../../api/selection.ts";
import { call, problemOf } from "../../../../call.ts";
import { timeText, useZone } from "../../../../parts/clock.ts";
import { valueAsText } from "../message-sections.ts";
import { definePane } from "../pane.ts";

export const changesPane = definePane({
  id: "changes",
  title: "Who changed it",
  appliesTo: (message) => lastChange(message) !== undefined,
  View: Changes,
});

/** When the message was last changed; undefined when nobody did. */
function lastChange({ alert_changed_at: changed, replayed_at: replayed }: StoredMessage): unknown {
  return changed ?? replayed;
}

/** The changes of a message, the newest first. */
function Changes({ message }: { readonly message: StoredMessage }) {
  const guid = String(message.guid);
  useZone();
  const { data, error } = useQuery({
    queryKey: ["message-history", guid, lastChange(message)],
    queryFn: ({ signal }) => call(messageHistory, { params: { guid }, signal }),
  });
  if (error !== null) return <p role="alert">{problemOf(error).detail}</p>;
  return (
    <dl className="entries">
      {data?.changes.map(({ by, at, fields }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two changes may be of one moment and one author
        <div key={`${at} ${index}`}>
          <dt>
            {timeText(at).slice(0, 19)} {by}
          </dt>
          <dd>
            {fields.length === 0 ? <span className="dim">not noted</span> : fields.map(said).join(", ")}
          </dd>
        </div>
      ))}
      {data !== undefined && data.earlier > 0 && (
        <p className="dim">{data.earlier} earlier changes are not kept.</p>
      )}
    </dl>
  );
}

/** A field that was changed, with what it was set to. */
function said({ name, value }: { readonly name: string; readonly value?: unknown }): string {
  if (value === null) return `${name} removed`;
  return value === undefined || typeof value === "object"
    ? `${name} changed`
    : `${name} ${valueAsText(value)}`;
}
