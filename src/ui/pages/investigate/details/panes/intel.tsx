import { ValueButton } from "../entry-list.tsx";
import { type IntelMatch, sectionsOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";

export const intelPane = definePane({
  id: "intel",
  title: "Threat intelligence",
  tone: "high",
  appliesTo: (message) => sectionsOf(message).intel.length > 0,
  View: ({ message }) => <IntelMatches matches={sectionsOf(message).intel} />,
});

/** What matched which kind of indicator. */
function IntelMatches({ matches }: { matches: readonly IntelMatch[] }) {
  return (
    <dl className="entries">
      {matches.map(({ kind, subject, said }) => (
        <div key={`${kind} ${subject.field}`}>
          <dt>{kind}</dt>
          <dd>
            <ValueButton entry={subject} strong />
            <span className="dim"> {subject.field}</span>
            {said !== undefined && <p>{said}</p>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
