/** Where a server runs. */
export type Place = {
  /** The address on which it listens and by which others reach it. */
  readonly host: string;
  /** A command that it is started through, such as `ip netns exec NAME`; it must become the server, so that signals reach it. */
  readonly through: readonly string[];
  /** An empty folder for what it stores; one of its own when absent. */
  readonly folder?: string;
};

/** On loopback, which is where all run unless said otherwise. */
export const HERE: Place = { host: "127.0.0.1", through: [] };

/** The program and the arguments that start a command at a place. */
export function startedAt({ through }: Place, command: readonly string[]): [string, string[]] {
  const [program = "", ...args] = [...through, ...command];
  return [program, args];
}
