/** Whether a key press belongs to a text field, an open menu or the browser, and so is no shortcut of the page. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (document.querySelector('[role="dialog"], [role="menu"]') !== null) return true;
  return target.closest("input, textarea, select") !== null;
}
