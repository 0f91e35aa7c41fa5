/** What is bound to a statement in place of a value that a user wrote. */
export type SqlValue = string | number | bigint | boolean;
