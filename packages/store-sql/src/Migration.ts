/**
 * One step of a schema. Migrations are append-only: one that was released is never changed.
 *
 * @since 0.1.0
 */
export interface Migration {
  /** The version at which the schema is after it: from 1 on, each one more. */
  readonly id: number
  readonly name: string
  /**
   * The oldest version whose code still works on the schema after this migration, so that both can run during
   * a rolling deploy. A migration that only adds what old code does not mention keeps the number of the one
   * before.
   */
  readonly compatibleWith: number
  readonly statements: ReadonlyArray<string>
}
