import { type RefObject, useEffect } from "react";
import { isTextField } from "../../../../../parts/keys.ts";

/** Whether a view was called by a key and has not shown yet. */
let isCalled = false;

/** A key calls a view: once it shows it has the focus, so that the next keys scroll it, or walk in it. */
export function callView(): void {
  isCalled = true;
}

/** Gives the focus to what the keys of a view go to, when a key called the view. `isThere` as soon as it is shown. */
export function useArrival(element: RefObject<HTMLElement | null>, isThere = true): void {
  useEffect(() => {
    if (!isThere || !isCalled) return;
    isCalled = false;
    // A person who has begun to type in the view keeps the focus there.
    if (document.activeElement instanceof HTMLElement && isTextField(document.activeElement)) return;
    element.current?.focus({ preventScroll: true });
  }, [element, isThere]);
}
