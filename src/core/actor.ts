/** Roles in order: each may do all that those before it may. `open` is everybody, known or not. */
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
  /** What they may see of packets; by their role when left out (`packetPermission`). */
  readonly packets?: PacketPermission | undefined;
};

/**
 * What somebody may see of captured packets, in order: each may see all that those before it may. `metadata`: who spoke with
 * whom, when, how much, and by which protocols. `payload`: what was said. `download`: to take packets and files away.
 */
const PACKET_PERMISSIONS = ["none", "metadata", "payload", "download"] as const;

export type PacketPermission = (typeof PACKET_PERMISSIONS)[number];

/** Anybody on this machine: the administrator of the platform that runs on it, until there are accounts. */
export const LOCAL: Actor = { name: "local", role: "admin" };

/** Tells whether an actor may do what needs a role. */
export function mayAct(actor: Actor, needed: Role): boolean {
  return ROLES.indexOf(actor.role) >= ROLES.indexOf(needed);
}

/**
 * What an actor may see of packets. Who was given nothing of its own: an administrator all of it, others that packets were there. Packets
 * know no scopes, so for whom messages are out of sight they are too.
 */
export function packetPermission({ packets, role, scope }: Actor): PacketPermission {
  if (packets !== undefined) return packets;
  if (role === "open" || scope !== undefined) return "none";
  return role === "admin" ? "download" : "metadata";
}

/** Tells whether an actor may do what needs a permission for packets. */
export function maySeePackets(actor: Actor, needed: PacketPermission): boolean {
  return PACKET_PERMISSIONS.indexOf(packetPermission(actor)) >= PACKET_PERMISSIONS.indexOf(needed);
}
