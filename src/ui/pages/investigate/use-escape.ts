import { useWindowEvent } from "@mantine/hooks";

/** Closes what is open at Escape wherever the focus is: what had it may be gone, or not have it yet. */
export function useEscape(opened: boolean, onClose: () => void): void {
  useWindowEvent("keydown", (event) => {
    if (opened && event.key === "Escape") onClose();
  });
}
