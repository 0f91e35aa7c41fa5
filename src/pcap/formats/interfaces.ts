import type { CaptureInterface } from "../packets.ts";
import { MAX_INTERFACES } from "./limits.ts";
import type { CaptureReport } from "./report.ts";

/** Gives the interfaces of each part their places among those of the whole capture. */
export type InterfacePlaces = {
  /** Another part begins. */
  begin(): void;
  /** The place of the part's next interface, or undefined where there is no room for it. */
  add(next: CaptureInterface): number | undefined;
};

/**
 * Parts that follow one another mostly have the same interfaces: a file per minute, joined to one of a day. So an interface has the place
 * of one of an earlier part that looks the same; two that look the same in one part are two.
 */
export function interfacePlaces(report: CaptureReport): InterfacePlaces {
  const places = new Map<string, number>();
  const alike = new Map<string, number>();
  return {
    begin: () => alike.clear(),
    add(next) {
      const { linkType, snapLength, name, description, filter, fcsLength } = next;
      const looks = JSON.stringify([linkType, snapLength, name, description, filter, fcsLength]);
      const ordinal = alike.get(looks) ?? 0;
      alike.set(looks, ordinal + 1);
      const key = `${ordinal} ${looks}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      if (report.interfaces.length === MAX_INTERFACES) return undefined;
      const place = report.interfaces.push(next) - 1;
      report.dropped.push(0);
      places.set(key, place);
      return place;
    },
  };
}
