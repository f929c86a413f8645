import {
  KeyId,
  type Metadata,
  OrganizationId,
  OrganizationName,
  ProductId,
  ProductName,
  ProjectId,
  ProjectName,
  type RateLimit,
  type Scope
} from "@apikeys/core"
import { Schema } from "effect"
import type { Columns } from "./Column.js"

/** JSON that was checked where it came in: on every verification, so only its kind is looked at here. */
const listOf = <A>() => Schema.declare((value): value is ReadonlyArray<A> => Array.isArray(value))
const metadata = Schema.declare((value): value is Metadata => typeof value === "object" && value !== null)

/** The rows of the tables, in the names of their columns. */
export const makeRows = ({ bytes, id, instant, integer, json }: Omit<Columns, "encode">) => ({
  Organization: Schema.Struct({
    id: Schema.compose(id, OrganizationId),
    name: Schema.typeSchema(OrganizationName),
    created_at: instant
  }),
  Project: Schema.Struct({
    id: Schema.compose(id, ProjectId),
    organization_id: Schema.compose(id, OrganizationId),
    name: Schema.typeSchema(ProjectName),
    created_at: instant
  }),
  Product: Schema.Struct({
    id: Schema.compose(id, ProductId),
    organization_id: Schema.compose(id, OrganizationId),
    name: Schema.typeSchema(ProductName),
    created_at: instant
  }),
  Link: Schema.Struct({ project_id: Schema.compose(id, ProjectId), product_id: Schema.compose(id, ProductId) }),
  Key: Schema.Struct({
    id: Schema.compose(id, KeyId),
    organization_id: Schema.compose(id, OrganizationId),
    project_id: Schema.NullOr(Schema.compose(id, ProjectId)),
    product_id: Schema.NullOr(Schema.compose(id, ProductId)),
    name: Schema.NullOr(Schema.String),
    hint: Schema.String,
    scopes: Schema.compose(json, listOf<Scope>()),
    rate_limits: Schema.compose(json, listOf<RateLimit>()),
    metadata: Schema.compose(json, metadata),
    expires_at: Schema.NullOr(instant),
    revoked_at: Schema.NullOr(instant),
    revoked_reason: Schema.NullOr(Schema.String),
    disabled_at: Schema.NullOr(instant),
    disabled_reason: Schema.NullOr(Schema.String),
    use_count: integer,
    last_used_at: Schema.NullOr(instant),
    created_at: instant,
    updated_at: instant
  }),
  Digest: Schema.Struct({
    digest: bytes,
    key_id: Schema.compose(id, KeyId),
    secret_id: Schema.String,
    created_at: instant,
    superseded_at: Schema.NullOr(instant),
    valid_until: Schema.NullOr(instant)
  }),
  Fence: Schema.Struct({
    number: integer,
    project_id: Schema.NullOr(Schema.compose(id, ProjectId)),
    product_id: Schema.NullOr(Schema.compose(id, ProductId)),
    fenced_at: instant,
    reason: Schema.NullOr(Schema.String)
  }),
  Change: Schema.Struct({ sequence: integer, what: Schema.String, id: Schema.NullOr(id) }),
  Usage: Schema.Struct({ id: Schema.compose(id, KeyId), use_count: integer, last_used_at: Schema.NullOr(instant) })
})

export type Rows = ReturnType<typeof makeRows>
