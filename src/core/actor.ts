/** Roles in order: whoever has one may do all that those before it may. `open` is everybody, known or not. */
export const ROLES = ["open", "analyst", "engineer", "admin"] as const;

export type Role = (typeof ROLES)[number];

/**
 * Who asks for something. Made once per request, checked against the role that the call declares, and handed to
 * whatever the call changes, which writes the name where it writes the change.
 */
export type Actor = {
  /** What histories, comments and logs call them. */
  readonly name: string;
  readonly role: Role;
  /** A search; for the actor only messages that it finds exist. Absent: all messages. */
  readonly scope?: string | undefined;
};

/** Whoever uses this machine: the administrator of the platform that runs on it, until there are accounts. */
export const LOCAL: Actor = { name: "local", role: "admin" };

/** Tells whether an actor may do what needs a role. */
export function mayAct(actor: Actor, needed: Role): boolean {
  return ROLES.indexOf(actor.role) >= ROLES.indexOf(needed);
}
