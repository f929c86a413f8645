import type { Database, Migration } from "@apikeys/store-sql"

/** The file system's host has one clock for all of its processes. */
export const nowMillis = "cast(round(unixepoch('subsec') * 1000) as integer)"

const initial: Migration = {
  id: 1,
  name: "initial",
  compatibleWith: 1,
  statements: [
    `create table apikeys_organizations (
  id text not null primary key,
  name text not null unique,
  created_at integer not null
) strict`,
    "create index apikeys_organizations_newest on apikeys_organizations (created_at desc, id desc)",
    `create table apikeys_projects (
  id text not null primary key,
  organization_id text not null references apikeys_organizations (id) on delete cascade,
  name text not null,
  created_at integer not null,
  unique (organization_id, name)
) strict`,
    "create index apikeys_projects_newest on apikeys_projects (organization_id, created_at desc, id desc)",
    `create table apikeys_products (
  id text not null primary key,
  organization_id text not null references apikeys_organizations (id) on delete cascade,
  name text not null,
  created_at integer not null,
  unique (organization_id, name)
) strict`,
    "create index apikeys_products_newest on apikeys_products (organization_id, created_at desc, id desc)",
    `create table apikeys_project_products (
  project_id text not null references apikeys_projects (id) on delete cascade,
  product_id text not null references apikeys_products (id) on delete cascade,
  primary key (project_id, product_id)
) strict, without rowid`,
    "create index apikeys_project_products_of_product on apikeys_project_products (product_id)",
    `create table apikeys_keys (
  id text not null primary key,
  organization_id text not null references apikeys_organizations (id) on delete restrict,
  project_id text references apikeys_projects (id) on delete restrict,
  product_id text references apikeys_products (id) on delete restrict,
  name text,
  hint text not null,
  scopes text not null,
  rate_limits text not null,
  metadata text not null,
  expires_at integer,
  revoked_at integer,
  revoked_reason text,
  use_count integer not null,
  last_used_at integer,
  created_at integer not null,
  updated_at integer not null,
  idempotency_key text
) strict`,
    "create index apikeys_keys_newest on apikeys_keys (created_at desc, id desc)",
    "create index apikeys_keys_of_organization on apikeys_keys (organization_id, created_at desc, id desc)",
    `create index apikeys_keys_of_project on apikeys_keys (project_id, created_at desc, id desc)
where project_id is not null`,
    `create index apikeys_keys_of_product on apikeys_keys (product_id, created_at desc, id desc)
where product_id is not null`,
    `create unique index apikeys_keys_idempotency on apikeys_keys (organization_id, idempotency_key)
where idempotency_key is not null`,
    `create table apikeys_digests (
  digest blob not null primary key,
  key_id text not null references apikeys_keys (id) on delete cascade,
  secret_id text not null,
  created_at integer not null
) strict, without rowid`,
    "create index apikeys_digests_of_key on apikeys_digests (key_id)",
    `create table apikeys_rate_limits (
  key_id text not null references apikeys_keys (id) on delete cascade,
  name text not null,
  algorithm text not null,
  limit_window text not null,
  charged_at integer not null,
  used integer not null,
  carry integer not null,
  primary key (key_id, name)
) strict, without rowid`,
    `create table apikeys_usage_batches (
  writer text not null,
  batch integer not null,
  recorded_at integer not null,
  primary key (writer, batch)
) strict, without rowid`,
    "create index apikeys_usage_batches_oldest on apikeys_usage_batches (recorded_at)"
  ]
}

/**
 * A log of changes, by which processes learn of what others changed. Code that is older writes none: beside it, new
 * code would go on to trust what it remembers. So it must not be started any more, and what runs of it has to be
 * stopped before the schema is brought up to date.
 */
const changes: Migration = {
  id: 2,
  name: "changes",
  compatibleWith: 2,
  statements: [
    `create table apikeys_changes (
  sequence integer not null primary key,
  what text not null,
  id text,
  recorded_at integer not null
) strict`,
    "create index apikeys_changes_oldest on apikeys_changes (recorded_at)",
    `create table apikeys_change_sequence (
  id integer not null primary key,
  last_sequence integer not null
) strict`,
    "insert into apikeys_change_sequence (id, last_sequence) values (1, 0)"
  ]
}

/** Code of the version before would take a disabled key for an active one, and a superseded digest for good. */
const lifecycle: Migration = {
  id: 3,
  name: "lifecycle",
  compatibleWith: 3,
  statements: [
    "alter table apikeys_keys add column disabled_at integer",
    "alter table apikeys_keys add column disabled_reason text",
    "create index apikeys_keys_revoked on apikeys_keys (revoked_at) where revoked_at is not null",
    "create index apikeys_keys_expiring on apikeys_keys (expires_at) where expires_at is not null",
    "alter table apikeys_digests add column superseded_at integer",
    "alter table apikeys_digests add column valid_until integer",
    "create index apikeys_digests_of_secret on apikeys_digests (superseded_at, secret_id)"
  ]
}

/**
 * What verdicts need besides. Code of the version before knows none of it, so it must not be started any more, and what
 * runs of it has to be stopped before the schema is brought up to date.
 */
const verdicts: Migration = {
  id: 4,
  name: "verdicts",
  compatibleWith: 4,
  statements: [
    // The digest of the input under an idempotency key; null where the key was made before this version.
    "alter table apikeys_keys add column idempotency_digest blob",
    // The ids of keys whose uses a batch did not add, separated by commas: their rows were locked.
    "alter table apikeys_usage_batches add column left_out text",
    // Revocations of all keys of an owner that are in force while the rows of the keys are still being written.
    `create table apikeys_fences (
  number integer not null primary key,
  organization_id text not null references apikeys_organizations (id) on delete cascade,
  project_id text references apikeys_projects (id) on delete cascade,
  product_id text references apikeys_products (id) on delete cascade,
  fenced_at integer not null,
  reason text
) strict`,
    "create index apikeys_fences_of_organization on apikeys_fences (organization_id, number)",
    "create index apikeys_fences_of_project on apikeys_fences (project_id) where project_id is not null",
    "create index apikeys_fences_of_product on apikeys_fences (product_id) where product_id is not null",
    // Row 2 numbers fences. A key remembers the last one that there was before it, which all after it outrank.
    "insert into apikeys_change_sequence (id, last_sequence) values (2, 0)",
    "alter table apikeys_keys add column after_fence integer not null default 0",
    // What names a change besides its number: of another database, one of the same number has another.
    "alter table apikeys_change_sequence add column last_mark text not null default ''",
    "alter table apikeys_change_sequence add column previous_mark text not null default ''",
    "update apikeys_change_sequence set last_mark = lower(hex(randomblob(16)))",
    "alter table apikeys_changes add column previous_mark text not null default ''",
    // What signing secrets are called, by fingerprints that are expensive to guess; and the salt of these.
    `create table apikeys_secret_ids (
  id text not null primary key,
  fingerprint blob unique
) strict`,
    // What earlier versions called them, which is made of them: until what is called so is called anew.
    "insert into apikeys_secret_ids (id) select distinct secret_id from apikeys_digests where secret_id <> 'sha256'",
    "insert into apikeys_secret_ids (id, fingerprint) values ('salt', randomblob(16))"
  ]
}

/** The schema, as its migrations make it. */
export const schema: Omit<Database["schema"], "migrateAlone"> = {
  migrations: [initial, changes, lifecycle, verdicts],
  recordTable: `create table if not exists apikeys_migrations (
  id integer not null primary key,
  name text not null,
  compatible_with integer not null,
  applied_at integer not null
) strict`,
  findRecordTable: "select name from sqlite_master where type = 'table' and name = 'apikeys_migrations'"
}
