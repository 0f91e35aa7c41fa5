import { EntryList } from "../entry-list.tsx";
import { isRejected, sectionsOf, sensorOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";

export const sensorPane = definePane({
  id: "sensor",
  title: (message) => (isRejected(message) ? "Why it was rejected" : `What ${sensorOf(message)} says`),
  appliesTo: (message) => sectionsOf(message).sensor.length > 0,
  View: ({ message }) => <EntryList entries={sectionsOf(message).sensor} />,
});
