// The rules by which the services check what a caller gives, field by field.
export { idInput as id } from "./Ids.js"
export { decodeInput as decode } from "./Input.js"
export { PageCursor, PageLimit } from "./Page.js"
export { isPlainObject } from "./PlainObject.js"
export { Cost, RateLimitsInput as RateLimits } from "./RateLimit.js"
export { rule, ShortText as Text, shownName } from "./Rule.js"
export { GrantedScopes, Scopes } from "./Scope.js"
export { TimespanInput as Timespan } from "./Timespan.js"
