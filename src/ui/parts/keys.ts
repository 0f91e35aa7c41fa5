import { useWindowEvent } from "@mantine/hooks";
import { useRef } from "react";

/** The keys that do something, as `KeyboardEvent.key` names them, and what they do, as the help says it. */
export type Shortcut = { readonly keys: readonly string[]; readonly about: string };

/** What a part of a page serves by keys. */
export type Shortcuts = { readonly [name: string]: Shortcut };

/** Milliseconds after the last key that whoever types is taken to have ended. Keys have the times they were pressed at: a busy page deals with them later. */
const PAUSE = 1000;
let held: { readonly by: Event | undefined; until: number } | undefined;

/**
 * After a key that asks for a text field, lets keys do nothing until somebody has paused, or pressed Escape: what is typed for a field
 * that is not there yet must not act on what is selected. A field that is there, or comes meanwhile, takes what is typed.
 */
export function useHold(shortcut: Shortcut | undefined): void {
  useWindowEvent("keydown", (event) => {
    if (shortcut !== undefined && !isTyping(event) && shortcut.keys.includes(event.key))
      held = { by: event, until: event.timeStamp + PAUSE };
  });
}

/** The text field that had the last key, unless that key ended the typing, and until when whoever types is taken to go on. */
let typedIn: { readonly field: HTMLElement; readonly until: number } | undefined;

const ENDS_TYPING = ["Enter", "Escape", "Tab"];

/** Notes where somebody types. A field that goes away under the hands of a person, as with an error in its place, must not turn words into shortcuts. */
function noteTyping({ target, key, timeStamp }: KeyboardEvent): void {
  if (!(target instanceof HTMLElement) || !isTextField(target)) return;
  // The field that was asked for is there: what comes after it is meant.
  held = undefined;
  typedIn = ENDS_TYPING.includes(key) ? undefined : { field: target, until: timeStamp + PAUSE };
}

function isHeld(event: KeyboardEvent): boolean {
  if (typedIn !== undefined) {
    const { field, until } = typedIn;
    if (!field.isConnected && event.timeStamp < until) held = { by: undefined, until };
    typedIn = undefined;
  }
  if (held === undefined || held.by === event) return false;
  if (event.key === "Escape" || event.timeStamp >= held.until) {
    held = undefined;
    return false;
  }
  held.until = event.timeStamp + PAUSE;
  return true;
}

/** Serves shortcuts as long as the part that calls it is shown, wherever the focus is but in a text field, a menu or a dialog. */
export function useShortcuts(served: readonly (readonly [Shortcut, () => void])[]): void {
  useWindowEvent("keydown", (event) => {
    noteTyping(event);
    if (isTyping(event) || isHeld(event)) return;
    const action = served.find(([{ keys }]) => keys.includes(event.key))?.[1];
    if (action === undefined || isOwnKeyOf(event.target, event.key)) return;
    event.preventDefault();
    action();
  });
}

/**
 * Gives the keys back to the page once the mouse has chosen in a select, which would keep the focus and take every letter for one of its
 * options. Who chooses by keys goes on in it.
 */
export function useSelectsGiveKeysBack(): void {
  const isByMouse = useRef(false);
  useWindowEvent("pointerdown", () => {
    isByMouse.current = true;
  });
  useWindowEvent("keydown", () => {
    isByMouse.current = false;
  });
  useWindowEvent("change", ({ target }) => {
    if (isByMouse.current && target instanceof HTMLSelectElement) target.blur();
  });
}

/** Whether a key press belongs to a text field, an open menu or the browser, and so is no shortcut of the page. */
function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return isTextField(target) || document.querySelector('[role="dialog"], [role="menu"]') !== null;
}

/** Inputs that are clicked and take no text: a key does no more with them than with a button. */
const SWITCHES = ["radio", "checkbox", "button", "submit", "reset", "file"];

/** Whether letters belong to an element: it takes text, or chooses among options by their letters. */
export function isTextField(element: HTMLElement): boolean {
  if (element.isContentEditable) return true;
  const field = element.closest("input, textarea, select");
  return field !== null && !(field instanceof HTMLInputElement && SWITCHES.includes(field.type));
}

/** Enter presses the button that has the focus, arrows scroll or move what has it: those keys are not the page's then. */
function isOwnKeyOf(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === "Enter") return target.closest("button, a, summary") !== null;
  if (!key.startsWith("Arrow")) return false;
  return target.closest('[role="separator"], [role="radiogroup"], [data-scrolls]') !== null;
}
