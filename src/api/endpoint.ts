import type { z } from "zod";
import type { PacketPermission, Role } from "../core/actor.ts";

/**
 * One REST call as data: what server, interface, command line and the printed OpenAPI all rest on. The server
 * implements it, the interface calls it, and neither can drift from the other.
 */

/** The path under which every endpoint lies. */
export const API_BASE = "/api/v1";

/** A body that is not JSON: a stream the server reads as it comes, never held in memory as a whole. */
export type StreamBody = {
  /** Media types the endpoint reads; the first is what a client of ours sends. */
  readonly types: readonly [string, ...string[]];
  readonly about: string;
};

/** An answer that is not JSON: bytes that are sent as they are made. */
type FileAnswer = {
  /** Media types of the answer. */
  readonly types: readonly [string, ...string[]];
  readonly about: string;
};

export type EndpointShape = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `API_BASE`, with `:name` where a parameter is. */
  readonly path: string;
  /** The path begins at the server's root instead, where other programs ask by convention. */
  readonly atRoot?: true;
  /** One sentence. */
  readonly summary: string;
  /** What an actor must be to make the call. */
  readonly role: Role;
  /** What an actor must be allowed to see of packets to make the call; absent where it answers nothing of packets. */
  readonly packets?: PacketPermission;
  /** Parameters of the path; text in, whatever the schema says out. */
  readonly params?: z.ZodObject;
  /** Parameters after the question mark; text in, whatever the schema says out. */
  readonly query?: z.ZodObject;
  /** The JSON body, or what kind of stream is read. */
  readonly body?: z.ZodType | StreamBody;
  /** The JSON answer; of an event stream, the data of one event. */
  readonly response: z.ZodType;
  /** The answer is Server-Sent Events, each with `response` as JSON. */
  readonly events?: true;
  /** The answer is a file, and `response` says nothing. */
  readonly file?: FileAnswer;
};

/** States an endpoint and keeps its literal types. */
export function defineEndpoint<const Shape extends EndpointShape>(shape: Shape): Shape {
  return shape;
}

/** The whole path of an endpoint, with `:name` where a parameter is. */
export function servedAt({ path, atRoot }: EndpointShape): string {
  return atRoot ? path : API_BASE + path;
}

/** Tells a stream from a JSON body. */
export function isStreamBody(body: EndpointShape["body"]): body is StreamBody {
  return body !== undefined && "types" in body;
}

type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Sent<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;

/** What the server gets from the path, checked. */
export type ParamsOf<Shape extends EndpointShape> = Read<Shape["params"]>;
/** What the server gets from behind the question mark, checked. */
export type QueryOf<Shape extends EndpointShape> = Read<Shape["query"]>;
/** What the server gets as body, checked; undefined where the body is a stream. */
export type BodyOf<Shape extends EndpointShape> = Read<Shape["body"]>;
/** What the client gets. */
export type ResponseOf<Shape extends EndpointShape> = Shape["response"] extends z.ZodType
  ? z.output<Shape["response"]>
  : never;
/** What a client may send as body: options with a default may be left out. */
export type SentBodyOf<Shape extends EndpointShape> = Sent<Shape["body"]>;
/** What a client may send behind the question mark. */
export type SentQueryOf<Shape extends EndpointShape> = Sent<Shape["query"]>;
