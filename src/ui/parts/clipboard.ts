/** Puts a text on the clipboard; without the right to (an insecure origin), in the old way. */
export function copy(text: string): void {
  navigator.clipboard?.writeText(text).catch(() => copyBySelection(text)) ?? copyBySelection(text);
}

function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
