import { useWindowEvent } from "@mantine/hooks";
import { isTyping } from "../../parts/keys.ts";

export type PageKeys = readonly (readonly [key: string, action: () => void])[];

/** The page's shortcuts: keys pressed anywhere but in a text field, a menu or a dialog. */
export function usePageKeys(keys: PageKeys): void {
  useWindowEvent("keydown", (event) => {
    if (isTyping(event)) return;
    const action = keys.find(([key]) => key === event.key)?.[1];
    if (action === undefined || isOwnKeyOf(event.target, event.key)) return;
    event.preventDefault();
    action();
  });
}

/** Enter presses the button that has the focus, arrows scroll or move what has it: those keys are not ours then. */
function isOwnKeyOf(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === "Enter") return target.closest("button, a, summary") !== null;
  if (!key.startsWith("Arrow")) return false;
  return target.closest('[role="separator"], [role="radiogroup"], .details') !== null;
}
