import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "./kind.ts";

const decisions = join(import.meta.dirname, "..", "..", "docs", "decisions");

export const decision: Kind = {
  about: "a decision record",
  files: (name) => {
    const number = nextDecision();
    const title = name.replaceAll("-", " ");
    return {
      [`docs/decisions/${String(number).padStart(4, "0")}-${name}.md`]: `# ${number}. ${title}\n\n**Context.** \n\n**Choice.** \n\n**Price.** \n`,
    };
  },
};

export const change: Kind = {
  about: "a sentence for users about what changed",
  files: (name) => ({ [`changes/${name}.md`]: "" }),
};

function nextDecision(): number {
  const numbers = readdirSync(decisions).map((file) => Number.parseInt(file, 10));
  return Math.max(0, ...numbers.filter((number) => !Number.isNaN(number))) + 1;
}
