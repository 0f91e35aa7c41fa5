import type { ComponentType } from "react";
import type { Role } from "../core/actor.ts";
import type { Shortcut } from "./parts/keys.ts";

/** A page of the interface; navigation and routes are derived from the list in `pages/index.ts`. */
export type Page = {
  readonly path: string;
  readonly title: string;
  readonly role: Role;
  readonly View: ComponentType;
  /** What its parts serve by keys, for the help. */
  readonly shortcuts?: readonly Shortcut[];
  /** What its parts do by the mouse beside plain clicks, for the help. */
  readonly gestures?: readonly Shortcut[];
};

export function definePage(page: Page): Page {
  return page;
}
