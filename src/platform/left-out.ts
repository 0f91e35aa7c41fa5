import type { GlobalDocument } from "../config/global.ts";
import { type Document, type Mistake, mistakeIn } from "../config/yaml.ts";
import { missingOf, type Packages } from "./missing-names.ts";

/**
 * What documents miss because the global document leaves out an extension package, or the package has it no longer. The
 * sensors that used it all along are not to blame.
 */
export class LeftOut {
  readonly #global: GlobalDocument;
  readonly #document: Document;
  readonly #packages: Packages;
  readonly #found = new Map<string, Mistake>();

  /**
   * @param document where the parts of the global document stand
   * @param packages those in force
   */
  constructor(global: GlobalDocument, document: Document, packages: Packages) {
    this.#global = global;
    this.#document = document;
    this.#packages = packages;
  }

  /** The same mistake, with the package that had what is missing. */
  readonly explain = (mistake: Mistake): Mistake => {
    const missing = missingOf(mistake.message, this.#packages);
    if (missing === undefined) return mistake;
    const hint = this.#isNamed(missing.in)
      ? `\`${missing.in}\` had it and has it no longer`
      : `\`${missing.in}\` has it, which \`extensions\` of the global document leaves out`;
    return { ...mistake, message: `${mistake.message}; ${hint}` };
  };

  /** Takes the mistakes of a document that did not change: what it misses is kept as a mistake of the global one. Answers the others. */
  blame(document: string, mistakes: readonly Mistake[]): readonly Mistake[] {
    return mistakes.filter(({ message }) => {
      const missing = missingOf(message, this.#packages);
      if (missing === undefined) return true;
      const { what, in: name } = missing;
      const said = this.#isNamed(name)
        ? `\`${name}\` no longer has ${what}, which ${document} uses`
        : `\`${name}\` is left out, and ${document} uses ${what} of it; name it here, or publish ${document} without that`;
      const entry = this.#global.extensions.indexOf(name);
      const path = entry < 0 ? ["extensions"] : ["extensions", entry];
      this.#found.set(said, mistakeIn(this.#document, path, said));
      return false;
    });
  }

  /** The mistakes of the global document. */
  get mistakes(): readonly Mistake[] {
    return [...this.#found.values()];
  }

  #isNamed(name: string): boolean {
    return this.#global.extensions.includes(name);
  }
}
