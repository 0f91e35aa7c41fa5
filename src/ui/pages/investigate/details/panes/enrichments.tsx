import type { StoredMessage } from "../../../../../api/selection.ts";
import { EntryList } from "../entry-list.tsx";
import { sectionsOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";
import "./enrichments.css";

export const enrichmentsPane = definePane({
  id: "enrichments",
  title: (message) =>
    `What is known of ${sectionsOf(message)
      .enrichments.map(({ field }) => field)
      .join(", ")}`,
  appliesTo: (message) => sectionsOf(message).enrichments.length > 0,
  View: Enrichments,
});

function Enrichments({ message }: { message: StoredMessage }) {
  const { enrichments } = sectionsOf(message);
  return enrichments.map(({ field, entries }) => (
    <div key={field} className="known">
      {enrichments.length > 1 && <h3>{field}</h3>}
      <EntryList entries={entries} />
    </div>
  ));
}
