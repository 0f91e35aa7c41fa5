import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import {
  centroid,
  DISTANCES,
  type DistanceName,
  decodeGeohash,
  distance,
  encodeGeohash,
  type Point,
} from "../sketches/geohash.ts";
import { spend, spendFor } from "../values/budget.ts";
import {
  Double,
  isCollection,
  isNumeric,
  numericValue,
  StellarMap,
  toDouble,
  toInteger,
  toText,
  type Value,
} from "../values/value.ts";

const LENGTH = 12;
const HASH = { name: "geohash", type: "string", about: "The geohash." } as const;
const CHARACTERS = {
  name: "characters",
  type: "any",
  about: "How many characters the hash has, up to 12, which is the default.",
  optional: true,
} as const;
const STRATEGY = {
  name: "strategy",
  type: "string",
  about: "HAVERSINE (unless given), LAW_OF_COSINES or VICENTY.",
  optional: true,
} as const;

const geohashFromLatLong = defineFunction({
  name: "GEOHASH_FROM_LATLONG",
  summary: "Gives the geohash of a latitude and a longitude.",
  params: [
    { name: "latitude", type: "double", about: "Degrees north.", optional: true },
    { name: "longitude", type: "double", about: "Degrees east.", optional: true },
    CHARACTERS,
  ],
  returns: "string",
  result: "Null when one of them is missing or no number.",
  examples: [
    ["GEOHASH_FROM_LATLONG(57.64911, 10.4074)", "u4pruydqmvpb"],
    ["GEOHASH_FROM_LATLONG('57.64911', '10.4074', 6)", "u4pruy"],
    ["GEOHASH_FROM_LATLONG('blah', 10.4074)", null],
    ["GEOHASH_FROM_LATLONG(91, 0)", raises("not on the globe")],
  ],
  call: (latitude, longitude, characters) => hashOf(latitude ?? null, longitude ?? null, characters),
});

const geohashFromLoc = defineFunction({
  name: "GEOHASH_FROM_LOC",
  summary: "Gives the geohash of a location as GEO_GET returns it.",
  params: [
    { name: "location", type: "map", about: "A map with latitude and longitude.", optional: true },
    CHARACTERS,
  ],
  returns: "string",
  result: "Null when one of them is missing or no number.",
  examples: [
    ["GEOHASH_FROM_LOC({'latitude' : '57.64911', 'longitude' : '10.4074'}, 6)", "u4pruy"],
    ["GEOHASH_FROM_LOC({'latitude' : '57.64911'})", null],
  ],
  call: (location, characters) => {
    const coordinate = (name: string): number | null => toDouble(location?.get(name) ?? null);
    return hashOf(coordinate("latitude"), coordinate("longitude"), characters);
  },
});

function hashOf(
  latitude: number | null,
  longitude: number | null,
  characters: Value | undefined,
): string | null {
  if (latitude === null || longitude === null) return null;
  return encodeGeohash({ latitude, longitude }, lengthOf(characters));
}

function lengthOf(characters: Value | undefined): number {
  if (characters === undefined) return LENGTH;
  const length = toInteger(characters);
  if (length === null)
    throw new StellarError(`the number of characters must be an int, not ${toText(characters)}`);
  return length;
}

const geohashToLatLong = defineFunction({
  name: "GEOHASH_TO_LATLONG",
  summary: "Gives the latitude and longitude of the centre of a geohash's cell.",
  params: [{ ...HASH, optional: true }],
  returns: "map",
  examples: [
    ["MAP_GET('latitude', GEOHASH_TO_LATLONG(''))", 0],
    ["GEOHASH_TO_LATLONG(null)", null],
    ["GEOHASH_TO_LATLONG('a')", raises("not a geohash")],
  ],
  call: (hash) => {
    if (hash === undefined || hash === null) return null;
    const { latitude, longitude } = pointOf(hash);
    return new StellarMap([
      ["latitude", new Double(latitude)],
      ["longitude", new Double(longitude)],
    ]);
  },
});

const geohashDist = defineFunction({
  name: "GEOHASH_DIST",
  summary: "Gives the distance between two geohashes in kilometres.",
  params: [
    { ...HASH, name: "geohash1", optional: true },
    { ...HASH, name: "geohash2", optional: true },
    STRATEGY,
  ],
  returns: "double",
  examples: [
    ["ROUND(GEOHASH_DIST('dr5ru6j1xh0b', '9q8yywhj21qe'))", 4128],
    ["GEOHASH_DIST(null, '9q8yywhj21qe')", null],
    ["GEOHASH_DIST('dr5', '9q8', 'BOGUS')", raises("`BOGUS` is not a distance")],
  ],
  call: (left, right, strategy) => {
    if (left === undefined || left === null || right === undefined || right === null) return null;
    return distance(pointOf(left), pointOf(right), strategyOf(strategy));
  },
});

const geohashMaxDist = defineFunction({
  name: "GEOHASH_MAX_DIST",
  summary: "Gives the greatest distance between any two geohashes in kilometres.",
  params: [
    {
      name: "geohashes",
      type: "collection",
      about: "A list or set of geohashes; nulls are skipped.",
      optional: true,
    },
    STRATEGY,
  ],
  returns: "double",
  result: "NaN of none, 0 of one.",
  examples: [
    ["ROUND(GEOHASH_MAX_DIST(['dr5ru6j1xh0b', '9q8yywhj21qe', null, 'u4pruydqmvpb']))", 8528],
    ["GEOHASH_MAX_DIST([])", "NaN"],
    ["GEOHASH_MAX_DIST(null)", null],
  ],
  call: (hashes, strategy) => {
    if (hashes === undefined || hashes === null) return null;
    const name = strategyOf(strategy);
    const points = Array.from(hashes)
      .filter((hash) => hash !== null)
      .map(pointOf);
    let greatest = points.length === 0 ? Number.NaN : 0;
    for (const [index, from] of points.entries()) {
      spend(index + 1);
      for (const to of points.slice(0, index)) greatest = Math.max(greatest, distance(from, to, name));
    }
    return greatest;
  },
});

const geohashCentroid = defineFunction({
  name: "GEOHASH_CENTROID",
  summary: "Gives the geohash of the middle of geohashes.",
  params: [
    {
      name: "geohashes",
      type: "any",
      about: "A list or set of geohashes, or a map from geohashes to their weights; nulls are skipped.",
      optional: true,
    },
    CHARACTERS,
  ],
  returns: "string",
  result: "Null of none.",
  examples: [
    ["GEOHASH_CENTROID({'dr5ru6j2c' : 3, '9q8yyk8y' : 1})", "dp6ysyb6w24e"],
    ["GEOHASH_CENTROID(['dr5ru6j2c', '9q8yyk8y'], 4)", "9z3y"],
    ["GEOHASH_CENTROID([])", null],
  ],
  call: (hashes, characters) => {
    const middle = centroid(weighted(hashes ?? null));
    if (middle === undefined) return null;
    return encodeGeohash(middle, lengthOf(characters));
  },
});

function weighted(hashes: Value): (readonly [Point, number])[] {
  if (hashes instanceof StellarMap) {
    return Array.from(hashes)
      .filter(([hash]) => hash !== null)
      .map(([hash, weight]) => [pointOf(hash), weightOf(weight)]);
  }
  if (!isCollection(hashes)) return [];
  return Array.from(hashes)
    .filter((hash) => hash !== null)
    .map((hash) => [pointOf(hash), 1]);
}

function weightOf(weight: Value): number {
  if (isNumeric(weight)) return numericValue(weight);
  throw new StellarError(`GEOHASH_CENTROID: a weight must be a number, not ${toText(weight).slice(0, 100)}`);
}

function pointOf(hash: Value): Point {
  spendFor(hash);
  if (typeof hash === "string") return decodeGeohash(hash);
  throw new StellarError(`${toText(hash).slice(0, 100)} is not a geohash`);
}

function strategyOf(name: string | null | undefined): DistanceName {
  const wanted = name === undefined ? "HAVERSINE" : (name ?? "null");
  if (Object.hasOwn(DISTANCES, wanted)) return wanted as DistanceName;
  throw new StellarError(
    `\`${wanted.slice(0, 100)}\` is not a distance: take one of ${Object.keys(DISTANCES).join(", ")}`,
  );
}

export const geohash: Namespace = {
  name: "geohash",
  summary: "Places on the globe as short texts, and the distances between them.",
  functions: [
    geohashCentroid,
    geohashDist,
    geohashFromLatLong,
    geohashFromLoc,
    geohashMaxDist,
    geohashToLatLong,
  ],
};
