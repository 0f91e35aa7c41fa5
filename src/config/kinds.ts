import { refuse } from "./yaml.ts";

/** What a kind of document states about itself. Store, publishing, REST and command line go by it. */
type DocumentKind<Name extends string> = {
  readonly name: Name;
  /** Whether a list of all documents shows those of this kind; if not, they are listed when asked for. */
  readonly isListed: boolean;
  /** Whether every sensor runs with them, so that a change of one is checked with, and reaches, all sensors. */
  readonly concernsSensors: boolean;
  /**
   * Refuses a document for what its name and text say by themselves. What only those show that run with it is found by opening them.
   * @throws Fault CONFIG_INVALID
   */
  readonly check?: (name: string, text: string) => void;
};

const global: DocumentKind<"global"> = {
  name: "global",
  isListed: true,
  concernsSensors: true,
  check(name) {
    if (name === "global") return;
    // Under another name it would be kept, and never be in force.
    const message = `there is one global document, called \`global\`; \`${name}\` is no name of it`;
    refuse(`global/${name}`, [{ line: 1, column: 1, path: "", message }]);
  },
};

const sensor: DocumentKind<"sensor"> = { name: "sensor", isListed: true, concernsSensors: false };

const functions: DocumentKind<"functions"> = {
  name: "functions",
  isListed: false,
  concernsSensors: true,
};

const profiles: DocumentKind<"profiles"> = {
  name: "profiles",
  isListed: true,
  concernsSensors: false,
  check(name) {
    if (name === "profiles") return;
    // Under another name it would be kept, and never be in force.
    const message = `there is one document of profiles, called \`profiles\`; \`${name}\` is no name of it`;
    refuse(`profiles/${name}`, [{ line: 1, column: 1, path: "", message }]);
  },
};

/** The kinds of documents that make up the configuration of a platform. */
const documentKinds = [global, sensor, functions, profiles] as const;

export type Kind = (typeof documentKinds)[number]["name"];

/** The names of all kinds. */
export const KINDS = ["global", "sensor", "functions", "profiles"] as const satisfies readonly Kind[];

/** What is stated about a kind. */
export function kindOf(name: Kind): DocumentKind<Kind> {
  // Every name is one of the list's.
  return documentKinds.find((kind) => kind.name === name) as DocumentKind<Kind>;
}
