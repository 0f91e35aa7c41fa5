import type { ComponentType } from "react";
import type { StoredMessage } from "../../../../api/selection.ts";

/** A part of the details of a message; the details are made of the list in `panes/index.ts`. */
export type Pane = {
  readonly id: string;
  /** Its heading, which may name what the message is about. */
  readonly title: string | ((message: StoredMessage) => string);
  /** Whether it has something to say of the message; it is left out otherwise. */
  readonly appliesTo: (message: StoredMessage) => boolean;
  readonly View: ComponentType<{ readonly message: StoredMessage }>;
  /** Set off as what must not be overlooked. */
  readonly tone?: "high";
  /** A button beside the heading. */
  readonly action?: { readonly label: string; readonly run: (message: StoredMessage) => void };
};

export function definePane(pane: Pane): Pane {
  return pane;
}
