import { createContext } from "react";

/** Searches again for the packets that are shown. */
export type AskAgain = {
  readonly ask: () => void;
  /** Whether it is being asked. */
  readonly isAsking: boolean;
};

/** How any view of packets can ask for them again when it finds that they have expired. */
export const AskAgainContext = createContext<AskAgain>({ ask: () => undefined, isAsking: false });
