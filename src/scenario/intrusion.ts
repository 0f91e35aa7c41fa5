import { control } from "./steps/control.ts";
import { delivery } from "./steps/delivery.ts";
import { credentials, discovery, lateral } from "./steps/inside.ts";
import { collection, exfiltration, inventory } from "./steps/theft.ts";
import type { World } from "./traffic.ts";

/** The steps of the intrusion, in order, with what each looks like to an analyst. */
export const STAGES = [
  {
    name: "delivery",
    about:
      "A phishing mail comes in; a workstation opens its link, downloads a document with macros, and these fetch an implant.",
  },
  {
    name: "command-and-control",
    about: "The implant calls home every minute, in the open or over TLS, and tunnels in DNS at first.",
  },
  {
    name: "discovery",
    about: "The workstation scans the server network for file shares and remote desktops.",
  },
  {
    name: "credential-access",
    about: "Service tickets with weak encryption are requested for many services (kerberoasting).",
  },
  {
    name: "lateral-movement",
    about: "The domain controller is entered with a service account; a tool is copied to its admin share.",
  },
  {
    name: "collection",
    about: "The file server's plans are read one after another by an account that never did.",
  },
  {
    name: "exfiltration",
    about:
      "A list of all plans leaves by FTP, and then an archive of them in one upload, for an address nobody has talked to before.",
  },
] as const;

/**
 * Plays the intrusion between `start` and `end` (epoch ms). Every record is marked with its stage: these are the
 * answers a detection is measured against.
 */
export function intrude(world: World, start: number, end: number): void {
  const at = (share: number) => Math.round(start + (end - start) * share);
  delivery(world, at(0));
  control(world, at(0.04), end);
  discovery(world, at(0.25), at(0.33));
  credentials(world, at(0.42));
  lateral(world, at(0.55));
  collection(world, at(0.68), at(0.8));
  exfiltration(world, at(0.84), at(0.98));
  inventory(world, at(0.83));
}
