export type { Column, ColumnEncoders, Columns } from "./Column.js"
export { toInvalidInput } from "./ConfigFailure.js"
export type { ChangeListener, ChangeSignals, Database, Durability, Failure } from "./Database.js"
export { withDeadline } from "./Deadline.js"
export {
  type CommandResult,
  type GivenOptions,
  type MigrateCommand,
  runAsProcess,
  runMigrateCommand
} from "./MigrateCommand.js"
export type { Migration } from "./Migration.js"
export { guarded } from "./Operations.js"
export { type OptionRule, type OptionRules, optionIssues } from "./OptionRules.js"
export { warnIfPlain } from "./PlainConnection.js"
export * as SchemaVersion from "./SchemaVersion.js"
export { type Query, runScriptNow, type Script, type Scripts } from "./Script.js"
export * as SqlStore from "./SqlStore.js"
