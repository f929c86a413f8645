import type { Database, Migration } from "@apikeys/store-sql"

/** The server has one clock for all of its clients; this one goes on while a transaction waits. */
export const nowMillis = "floor(extract(epoch from clock_timestamp()) * 1000)::bigint"

/** An identifier as SQL writes it. */
export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** What stands before the name of each table. */
export const prefixOf = (schema: string | null): string => (schema === null ? "" : `${quoted(schema)}.`)

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * An expression for the channel on which changes of a schema are announced. Channels are of a database, and their
 * names as short as a schema's.
 */
export const changeChannel = (schema: string | null): string => {
  const name = schema === null ? "current_schema()::text" : literal(schema)
  return `('apikeys_' || left(encode(sha256(convert_to(${name}, 'UTF8')), 'hex'), 40))`
}

/** Names compare exactly: by code point, whatever the database's collation. */
const name = 'text collate "C" not null'

const initial = (prefix: string): Migration => ({
  id: 1,
  name: "initial",
  compatibleWith: 1,
  statements: [
    `create table ${prefix}apikeys_organizations (
  id uuid not null primary key,
  name ${name} unique,
  created_at timestamptz(3) not null
)`,
    `create index apikeys_organizations_newest on ${prefix}apikeys_organizations (created_at desc, id desc)`,
    ...["project", "product"].flatMap((entity) => [
      `create table ${prefix}apikeys_${entity}s (
  id uuid not null primary key,
  organization_id uuid not null references ${prefix}apikeys_organizations (id) on delete cascade,
  name ${name},
  created_at timestamptz(3) not null,
  unique (organization_id, name)
)`,
      `create index apikeys_${entity}s_newest on ${prefix}apikeys_${entity}s (organization_id, created_at desc, id desc)`
    ]),
    `create table ${prefix}apikeys_project_products (
  project_id uuid not null references ${prefix}apikeys_projects (id) on delete cascade,
  product_id uuid not null references ${prefix}apikeys_products (id) on delete cascade,
  primary key (project_id, product_id)
)`,
    `create index apikeys_project_products_of_product on ${prefix}apikeys_project_products (product_id)`,
    `create table ${prefix}apikeys_keys (
  id uuid not null primary key,
  organization_id uuid not null references ${prefix}apikeys_organizations (id) on delete restrict,
  project_id uuid references ${prefix}apikeys_projects (id) on delete restrict,
  product_id uuid references ${prefix}apikeys_products (id) on delete restrict,
  name text,
  hint text not null,
  scopes jsonb not null,
  rate_limits jsonb not null,
  metadata jsonb not null,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revoked_reason text,
  use_count bigint not null,
  last_used_at timestamptz(3),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  idempotency_key text collate "C"
) with (fillfactor = 90)`,
    `create index apikeys_keys_newest on ${prefix}apikeys_keys (created_at desc, id desc)`,
    `create index apikeys_keys_of_organization on ${prefix}apikeys_keys (organization_id, created_at desc, id desc)`,
    `create index apikeys_keys_of_project on ${prefix}apikeys_keys (project_id, created_at desc, id desc)
where project_id is not null`,
    `create index apikeys_keys_of_product on ${prefix}apikeys_keys (product_id, created_at desc, id desc)
where product_id is not null`,
    `create unique index apikeys_keys_idempotency on ${prefix}apikeys_keys (organization_id, idempotency_key)
where idempotency_key is not null`,
    `create table ${prefix}apikeys_digests (
  digest bytea not null primary key,
  key_id uuid not null references ${prefix}apikeys_keys (id) on delete cascade,
  secret_id text not null,
  created_at timestamptz(3) not null
)`,
    `create index apikeys_digests_of_key on ${prefix}apikeys_digests (key_id)`,
    `create table ${prefix}apikeys_rate_limits (
  key_id uuid not null references ${prefix}apikeys_keys (id) on delete cascade,
  name ${name},
  algorithm text not null,
  limit_window text not null,
  charged_at bigint not null,
  used bigint not null,
  carry bigint not null,
  primary key (key_id, name)
) with (fillfactor = 50)`,
    `create table ${prefix}apikeys_usage_batches (
  writer text collate "C" not null,
  batch bigint not null,
  recorded_at bigint not null,
  primary key (writer, batch)
)`,
    `create index apikeys_usage_batches_oldest on ${prefix}apikeys_usage_batches (recorded_at)`
  ]
})

/**
 * A log of changes, by which processes learn of what others changed. Code that is older writes none: beside it, new
 * code would go on to trust what it remembers. So it must not be started any more, and what runs of it has to be
 * stopped before the schema is brought up to date.
 */
const changes = (prefix: string): Migration => ({
  id: 2,
  name: "changes",
  compatibleWith: 2,
  statements: [
    `create table ${prefix}apikeys_changes (
  sequence bigint not null primary key,
  what text not null,
  id uuid,
  recorded_at bigint not null
)`,
    `create index apikeys_changes_oldest on ${prefix}apikeys_changes (recorded_at)`,
    `create table ${prefix}apikeys_change_sequence (
  id smallint not null primary key,
  last_sequence bigint not null
) with (fillfactor = 10)`,
    `insert into ${prefix}apikeys_change_sequence (id, last_sequence) values (1, 0)`
  ]
})

/** Code of the version before would take a disabled key for an active one, and a superseded digest for good. */
const lifecycle = (prefix: string): Migration => ({
  id: 3,
  name: "lifecycle",
  compatibleWith: 3,
  statements: [
    `alter table ${prefix}apikeys_keys
add column disabled_at timestamptz(3),
add column disabled_reason text`,
    `create index apikeys_keys_revoked on ${prefix}apikeys_keys (revoked_at) where revoked_at is not null`,
    `create index apikeys_keys_expiring on ${prefix}apikeys_keys (expires_at) where expires_at is not null`,
    `alter table ${prefix}apikeys_digests
add column superseded_at timestamptz(3),
add column valid_until timestamptz(3)`,
    `create index apikeys_digests_of_secret on ${prefix}apikeys_digests (superseded_at, secret_id)`
  ]
})

/**
 * What verdicts need besides. Code of the version before knows none of it, so it must not be started any more, and what
 * runs of it has to be stopped before the schema is brought up to date.
 */
const verdicts = (prefix: string): Migration => ({
  id: 4,
  name: "verdicts",
  compatibleWith: 4,
  statements: [
    // The digest of the input under an idempotency key; null where the key was made before this version.
    `alter table ${prefix}apikeys_keys add column idempotency_digest bytea`,
    // The ids of keys whose uses a batch did not add, separated by commas: their rows were locked.
    `alter table ${prefix}apikeys_usage_batches add column left_out text`,
    // Revocations of all keys of an owner that are in force while the rows of the keys are still being written.
    `create table ${prefix}apikeys_fences (
  number bigint not null primary key,
  organization_id uuid not null references ${prefix}apikeys_organizations (id) on delete cascade,
  project_id uuid references ${prefix}apikeys_projects (id) on delete cascade,
  product_id uuid references ${prefix}apikeys_products (id) on delete cascade,
  fenced_at timestamptz(3) not null,
  reason text
)`,
    `create index apikeys_fences_of_organization on ${prefix}apikeys_fences (organization_id, number)`,
    `create index apikeys_fences_of_project on ${prefix}apikeys_fences (project_id) where project_id is not null`,
    `create index apikeys_fences_of_product on ${prefix}apikeys_fences (product_id) where product_id is not null`,
    // Row 2 numbers fences. A key remembers the last one that there was before it, which all after it outrank.
    `insert into ${prefix}apikeys_change_sequence (id, last_sequence) values (2, 0)`,
    `alter table ${prefix}apikeys_keys add column after_fence bigint not null default 0`,
    // What names a change besides its number: of another database, one of the same number has another.
    `alter table ${prefix}apikeys_change_sequence
add column last_mark text not null default '',
add column previous_mark text not null default ''`,
    `update ${prefix}apikeys_change_sequence set last_mark = gen_random_uuid()::text`,
    `alter table ${prefix}apikeys_changes add column previous_mark text not null default ''`,
    // What signing secrets are called, by fingerprints that are expensive to guess; and the salt of these.
    `create table ${prefix}apikeys_secret_ids (
  id text collate "C" not null primary key,
  fingerprint bytea unique
)`,
    // What earlier versions called them, which is made of them: until what is called so is called anew.
    `insert into ${prefix}apikeys_secret_ids (id)
select distinct secret_id from ${prefix}apikeys_digests where secret_id <> 'sha256'`,
    `insert into ${prefix}apikeys_secret_ids (id, fingerprint) values ('salt', uuid_send(gen_random_uuid()))`,
    // As text it comes back as it was written: of a number like 1e308, `jsonb` keeps and sends all 309 digits. This alone
    // of what is added rewrites the table.
    `alter table ${prefix}apikeys_keys alter column metadata type json using metadata::json`
  ]
})

/** `create schema if not exists` needs the privilege to create one also where it exists. */
const createSchema = (schema: string): string => `do $$ begin
  if to_regnamespace(${literal(quoted(schema))}) is null then create schema ${quoted(schema)}; end if;
end $$;
`

/**
 * The schema, as its migrations make it.
 *
 * @param schema in which the tables are; `null` for the first of the search path
 */
export const makeSchema = (schema: string | null): Omit<Database["schema"], "migrateAlone"> => {
  const prefix = prefixOf(schema)
  return {
    migrations: [initial(prefix), changes(prefix), lifecycle(prefix), verdicts(prefix)],
    recordTable: `${schema === null ? "" : createSchema(schema)}create table if not exists ${prefix}apikeys_migrations (
  id integer not null primary key,
  name text not null,
  compatible_with integer not null,
  applied_at bigint not null
)`,
    findRecordTable: `select 1 where to_regclass(${literal(`${prefix}apikeys_migrations`)}) is not null`
  }
}

/** Takes the lock that keeps migrations of one schema apart, until the transaction ends. */
export const lockMigrations = (schema: string | null): string =>
  `select pg_advisory_xact_lock(hashtextextended(${literal(`apikeys_migrations ${schema ?? ""}`)}, 0))`
