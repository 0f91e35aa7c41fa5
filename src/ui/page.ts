import type { ComponentType } from "react";
import type { Role } from "../core/actor.ts";

/** A page of the interface; navigation and routes are derived from the list in `pages/index.ts`. */
export type Page = {
  readonly path: string;
  readonly title: string;
  readonly role: Role;
  readonly View: ComponentType;
};

export function definePage(page: Page): Page {
  return page;
}
