import { EntryList } from "../entry-list.tsx";
import { sectionsOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";

export const recordPane = definePane({
  id: "record",
  title: "Record",
  appliesTo: () => true,
  View: ({ message }) => <EntryList entries={sectionsOf(message).record} />,
});
