/** A network of this machine's own, with an address per server, from which each can be cut off: packets of it then vanish. */
import { execFileSync } from "node:child_process";
import type { Place } from "../../../scripts/cluster/place.ts";

export type Network = Disposable & {
  /** A place of its own for a server. Names are for the eye, and unique. */
  readonly place: (name: string) => Place;
  readonly cut: (name: string) => void;
  readonly mend: (name: string) => void;
};

/** Unused elsewhere on this machine, as far as anybody can know. */
const NET = "10.231.77";

/** Makes a network. Throws where this machine does not let us: it takes `ip netns`, veth and a bridge, and the right to use them. */
export function openNetwork(): Network {
  const own = `mf${process.pid}`;
  const bridge = `${own}b`;
  const spaces: string[] = [];
  const links = new Map<string, string>();
  const close = () => {
    process.off("exit", close);
    for (const space of spaces) ip("netns", "del", space);
    ip("link", "del", bridge);
  };
  ip("link", "add", bridge, "type", "bridge");
  process.once("exit", close);
  try {
    ip("addr", "add", `${NET}.1/24`, "dev", bridge);
    ip("link", "set", bridge, "up");
  } catch (error) {
    close();
    throw error;
  }
  const linkOf = (name: string) => {
    const link = links.get(name);
    if (link === undefined) throw new Error(`there is no place ${name}`);
    return link;
  };
  return {
    place(name) {
      const [space, link] = [`${own}-${name}`, `${own}v${links.size}`];
      const host = `${NET}.${links.size + 2}`;
      ip("netns", "add", space);
      spaces.push(space);
      ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space);
      links.set(name, link);
      ip("link", "set", link, "master", bridge, "up");
      ip("-n", space, "addr", "add", `${host}/24`, "dev", "eth0");
      ip("-n", space, "link", "set", "eth0", "up");
      ip("-n", space, "link", "set", "lo", "up");
      return { host, through: ["ip", "netns", "exec", space] };
    },
    // Both ends stay up, as they do when a switch between them fails: nobody is told.
    cut: (name) => ip("link", "set", linkOf(name), "nomaster"),
    mend: (name) => ip("link", "set", linkOf(name), "master", bridge),
    [Symbol.dispose]: close,
  };
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
