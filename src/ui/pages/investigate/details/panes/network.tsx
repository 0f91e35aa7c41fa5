import { EntryList } from "../entry-list.tsx";
import { sectionsOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";

export const networkPane = definePane({
  id: "network",
  title: "Network",
  appliesTo: (message) => sectionsOf(message).network.length > 0,
  View: ({ message }) => <EntryList entries={sectionsOf(message).network} />,
});
