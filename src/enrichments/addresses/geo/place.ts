import { createRequire } from "node:module";
import type decoderModule from "mmdb-lib/lib/decoder.js";
import { Double, Float } from "../../../core/number.ts";
import { asBytes } from "../../../core/text.ts";
import { toText } from "../../../stellar/values/value.ts";

// The module is CommonJS with a default export inside: loaders disagree on how to import that, `require` does not.
const { default: Decoder } = createRequire(import.meta.url)(
  "mmdb-lib/lib/decoder.js",
) as typeof decoderModule;

/** What is known of an address, in Metron's names; everything is text, "" where unknown. */
export type Place = { readonly [part in PlacePart]: string };
type PlacePart = (typeof PLACE_PARTS)[number];

export const PLACE_PARTS = [
  "locID",
  "country",
  "city",
  "postalCode",
  "dmaCode",
  "latitude",
  "longitude",
  "location_point",
] as const;

/** Decodes records out of a database's data section. */
export function recordDecoder(data: Uint8Array<SharedArrayBuffer>): (offset: number) => unknown {
  const bytes = asBytes(data.buffer, data.byteOffset, data.length);
  const decoder = new Decoder(bytes as unknown as Buffer);
  return (offset) => decoder.decode(offset).value;
}

/** The place a record describes: MaxMind's nested city form, or the flat one of the free database. */
export function placeOf(record: unknown): Place {
  const root = asMap(record);
  const flat = typeof root.country_code === "string" || typeof root.city === "string";
  const location = flat ? root : asMap(root.location);
  const latitude = coordinate(location.latitude);
  const longitude = coordinate(location.longitude);
  const position = {
    latitude,
    longitude,
    location_point: latitude === "" || longitude === "" ? "" : `${latitude},${longitude}`,
  };
  if (flat) {
    return {
      locID: "",
      country: text(root.country_code),
      city: text(root.city),
      postalCode: text(root.postcode),
      dmaCode: "",
      ...position,
    };
  }
  const city = asMap(root.city);
  return {
    locID: text(city.geoname_id),
    country: text(asMap(root.country).iso_code),
    city: text(asMap(city.names).en),
    postalCode: text(asMap(root.postal).code),
    dmaCode: text(location.metro_code),
    ...position,
  };
}

function asMap(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Java's text of the coordinate; the free database stores 32-bit floats, whose own shortest text is the one meant. */
function coordinate(value: unknown): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return "";
  return toText(Math.fround(value) === value ? new Float(value) : new Double(value));
}
