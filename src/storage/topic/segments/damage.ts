import { Fault } from "../../../core/fault.ts";

/** What to do at a damaged place: stop with a fault, or go on behind it and log what was passed over. */
export type OnDamage = "fault" | "skip";

/** Where damage was met. */
export type Damage = {
  readonly file: string;
  /** Byte in the file. */
  readonly position: number;
  readonly topic: string;
  readonly partition: number;
  /** The record expected there. */
  readonly offset: number;
};

/** The fault for damage at a place; says how to go on. */
export function damageFault(damage: Damage): Fault {
  const { file, position, topic, partition, offset } = damage;
  return new Fault(
    "STORAGE_CORRUPT",
    `reading topic ${topic}, partition ${partition}: ${file} is damaged at byte ${position} (record ${offset}); ` +
      "restore the file; or stop the platform and set it aside, which gives up its records that are not indexed yet",
    { details: damage },
  );
}
