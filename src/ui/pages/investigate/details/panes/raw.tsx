import { copy } from "../../../../parts/clipboard.ts";
import { prettyRaw, sectionsOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";
import "./raw.css";

export const rawPane = definePane({
  id: "raw",
  title: "As it was received",
  action: { label: "Copy", run: (message) => copy(sectionsOf(message).raw ?? "") },
  appliesTo: (message) => sectionsOf(message).raw !== undefined,
  View: ({ message }) => <pre className="raw">{prettyRaw(sectionsOf(message).raw ?? "")}</pre>,
});
