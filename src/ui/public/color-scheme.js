// Sets the colours before the first paint, so that a dark page does not flash white. Mantine keeps the choice.
(() => {
  const chosen = window.localStorage.getItem("mantine-color-scheme-value");
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const scheme = chosen === "light" || chosen === "dark" ? chosen : dark ? "dark" : "light";
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
})();
