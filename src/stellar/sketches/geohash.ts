/** Geohashes (Niemeyer 2008), great-circle distances on a sphere, and the centre of points on it. */
import { StellarError } from "../language/error.ts";

/** Degrees. */
export type Point = { readonly latitude: number; readonly longitude: number };

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
const MAX_LENGTH = 12;
const EARTH_RADIUS_KM = 6371.0087714;
const RADIANS = Math.PI / 180;

/** The hash of a point, at most 12 characters; a point off the globe is a StellarError. */
export function encodeGeohash(point: Point, length: number): string {
  const { latitude, longitude } = point;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) {
    throw new StellarError(`latitude ${latitude} and longitude ${longitude} are not on the globe`);
  }
  if (length > MAX_LENGTH)
    throw new StellarError(`a geohash has at most ${MAX_LENGTH} characters, not ${length}`);
  const cell = new Cell();
  let hash = "";
  for (let index = 0; index < length; index++) {
    let digit = 0;
    for (let bit = 0; bit < 5; bit++) digit = digit * 2 + cell.narrowTo(point);
    hash += ALPHABET[digit];
  }
  return hash;
}

/** The centre of the cell a hash names; of no characters at all, the whole globe's. */
export function decodeGeohash(hash: string): Point {
  const cell = new Cell();
  for (const character of hash) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0)
      throw new StellarError(`\`${hash.slice(0, 50)}\` is not a geohash: \`${character}\` cannot occur`);
    for (let bit = 4; bit >= 0; bit--) cell.narrow((digit >> bit) & 1);
  }
  return cell.centre;
}

/** The block of latitudes and longitudes that the bits so far leave; bits alternate, longitude first. */
class Cell {
  readonly #longitude = { low: -180, high: 180 };
  readonly #latitude = { low: -90, high: 90 };
  #isLongitude = true;

  narrow(bit: number): void {
    const range = this.#isLongitude ? this.#longitude : this.#latitude;
    const middle = (range.low + range.high) / 2;
    if (bit === 1) range.low = middle;
    else range.high = middle;
    this.#isLongitude = !this.#isLongitude;
  }

  narrowTo(point: Point): number {
    const [range, value] = this.#isLongitude
      ? [this.#longitude, point.longitude]
      : [this.#latitude, point.latitude];
    const bit = value >= (range.low + range.high) / 2 ? 1 : 0;
    this.narrow(bit);
    return bit;
  }

  get centre(): Point {
    return {
      latitude: (this.#latitude.low + this.#latitude.high) / 2,
      longitude: (this.#longitude.low + this.#longitude.high) / 2,
    };
  }
}

/** Ways to the same distance that differ in rounding. Metron spells Vincenty's name its own way. */
export const DISTANCES = {
  HAVERSINE: haversine,
  LAW_OF_COSINES: lawOfCosines,
  VICENTY: vincenty,
} as const;
export type DistanceName = keyof typeof DISTANCES;

/** Kilometres between two points on a sphere of the earth's mean radius. */
export function distance(from: Point, to: Point, name: DistanceName): number {
  // The formulas themselves give a point a distance of some centimetres from itself.
  if (from.latitude === to.latitude && from.longitude === to.longitude) return 0;
  return EARTH_RADIUS_KM * DISTANCES[name](from, to);
}

function haversine(from: Point, to: Point): number {
  const x = Math.sin(((from.longitude - to.longitude) * RADIANS) / 2);
  const y = Math.sin(((from.latitude - to.latitude) * RADIANS) / 2);
  const h = Math.min(1, y * y + Math.cos(from.latitude * RADIANS) * Math.cos(to.latitude * RADIANS) * x * x);
  return 2 * Math.atan2(Math.sqrt(h), Math.sqrt(1 - h));
}

function lawOfCosines(from: Point, to: Point): number {
  const cosine =
    Math.sin(from.latitude * RADIANS) * Math.sin(to.latitude * RADIANS) +
    Math.cos(from.latitude * RADIANS) *
      Math.cos(to.latitude * RADIANS) *
      Math.cos((to.longitude - from.longitude) * RADIANS);
  return Math.acos(Math.max(-1, Math.min(1, cosine)));
}

function vincenty(from: Point, to: Point): number {
  const [sinFrom, cosFrom] = [Math.sin(from.latitude * RADIANS), Math.cos(from.latitude * RADIANS)];
  const [sinTo, cosTo] = [Math.sin(to.latitude * RADIANS), Math.cos(to.latitude * RADIANS)];
  const turn = (to.longitude - from.longitude) * RADIANS;
  const a = cosTo * Math.sin(turn);
  const b = cosFrom * sinTo - sinFrom * cosTo * Math.cos(turn);
  return Math.atan2(Math.sqrt(a * a + b * b), sinFrom * sinTo + cosFrom * cosTo * Math.cos(turn));
}

/** The weighted middle of points on a sphere, or undefined for none; weights of 0 in all leave it undetermined (NaN). */
export function centroid(points: Iterable<readonly [point: Point, weight: number]>): Point | undefined {
  let [x, y, z, total, count] = [0, 0, 0, 0, 0];
  for (const [point, weight] of points) {
    const latitude = point.latitude * RADIANS;
    const longitude = point.longitude * RADIANS;
    x += weight * Math.cos(latitude) * Math.cos(longitude);
    y += weight * Math.cos(latitude) * Math.sin(longitude);
    z += weight * Math.sin(latitude);
    total += weight;
    count++;
  }
  if (count === 0) return undefined;
  [x, y, z] = [x / total, y / total, z / total];
  return { latitude: Math.atan2(z, Math.hypot(x, y)) / RADIANS, longitude: Math.atan2(y, x) / RADIANS };
}
