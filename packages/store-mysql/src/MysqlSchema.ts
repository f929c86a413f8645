import type { Database, Migration } from "@apikeys/store-sql"

/** By neither the session's nor the server's time zone, whose hours may come twice a year. */
export const nowMillis = "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000)"

/**
 * Text compares by code point, spaces at its end included. The two name the collation for that differently, and each
 * takes the comment of the other for one.
 */
const table = `engine = InnoDB row_format = dynamic
default character set utf8mb4 collate /*!80017 utf8mb4_0900_bin */ /*M! utf8mb4_nopad_bin */`

const ascii = "character set ascii collate ascii_bin"

/**
 * DDL commits by itself, so a migration that dies half way is run again from its beginning: every statement has to be
 * safe to repeat. So indexes and foreign keys are made with their tables.
 */
const initial: Migration = {
  id: 1,
  name: "initial",
  compatibleWith: 1,
  statements: [
    `create table if not exists apikeys_organizations (
  id binary(16) not null primary key,
  name varchar(255) not null,
  created_at datetime(3) not null,
  unique key apikeys_organizations_name (name),
  key apikeys_organizations_newest (created_at, id)
) ${table}`,
    `create table if not exists apikeys_projects (
  id binary(16) not null primary key,
  organization_id binary(16) not null,
  name varchar(255) not null,
  created_at datetime(3) not null,
  unique key apikeys_projects_name (organization_id, name),
  key apikeys_projects_newest (organization_id, created_at, id),
  foreign key (organization_id) references apikeys_organizations (id) on delete cascade
) ${table}`,
    `create table if not exists apikeys_products (
  id binary(16) not null primary key,
  organization_id binary(16) not null,
  name varchar(255) not null,
  created_at datetime(3) not null,
  unique key apikeys_products_name (organization_id, name),
  key apikeys_products_newest (organization_id, created_at, id),
  foreign key (organization_id) references apikeys_organizations (id) on delete cascade
) ${table}`,
    `create table if not exists apikeys_project_products (
  project_id binary(16) not null,
  product_id binary(16) not null,
  primary key (project_id, product_id),
  key apikeys_project_products_of_product (product_id),
  foreign key (project_id) references apikeys_projects (id) on delete cascade,
  foreign key (product_id) references apikeys_products (id) on delete cascade
) ${table}`,
    `create table if not exists apikeys_keys (
  id binary(16) not null primary key,
  organization_id binary(16) not null,
  project_id binary(16),
  product_id binary(16),
  name varchar(255),
  hint varchar(255) not null,
  scopes mediumtext not null,
  rate_limits mediumtext not null,
  metadata mediumtext not null,
  expires_at datetime(3),
  revoked_at datetime(3),
  revoked_reason text,
  use_count bigint not null,
  last_used_at datetime(3),
  created_at datetime(3) not null,
  updated_at datetime(3) not null,
  idempotency_key varchar(255),
  key apikeys_keys_newest (created_at, id),
  key apikeys_keys_of_organization (organization_id, created_at, id),
  key apikeys_keys_of_project (project_id, created_at, id),
  key apikeys_keys_of_product (product_id, created_at, id),
  unique key apikeys_keys_idempotency (organization_id, idempotency_key),
  foreign key (organization_id) references apikeys_organizations (id) on delete restrict,
  foreign key (project_id) references apikeys_projects (id) on delete restrict,
  foreign key (product_id) references apikeys_products (id) on delete restrict
) ${table}`,
    `create table if not exists apikeys_digests (
  digest varbinary(64) not null primary key,
  key_id binary(16) not null,
  secret_id varchar(255) not null,
  created_at datetime(3) not null,
  key apikeys_digests_of_key (key_id),
  foreign key (key_id) references apikeys_keys (id) on delete cascade
) ${table}`,
    `create table if not exists apikeys_rate_limits (
  key_id binary(16) not null,
  name varchar(64) ${ascii} not null,
  algorithm varchar(32) ${ascii} not null,
  limit_window varchar(32) ${ascii} not null,
  charged_at bigint not null,
  used bigint not null,
  carry bigint not null,
  primary key (key_id, name),
  foreign key (key_id) references apikeys_keys (id) on delete cascade
) ${table}`,
    `create table if not exists apikeys_usage_batches (
  writer varchar(255) not null,
  batch bigint not null,
  recorded_at bigint not null,
  primary key (writer, batch),
  key apikeys_usage_batches_oldest (recorded_at)
) ${table}`
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
    `create table if not exists apikeys_changes (
  sequence bigint not null primary key,
  what varchar(32) ${ascii} not null,
  id binary(16),
  recorded_at bigint not null,
  key apikeys_changes_oldest (recorded_at)
) ${table}`,
    `create table if not exists apikeys_change_sequence (
  id smallint not null primary key,
  last_sequence bigint not null
) ${table}`,
    "insert ignore into apikeys_change_sequence (id, last_sequence) values (1, 0)"
  ]
}

/**
 * Alters a table unless that was done: the two have no words in common for a column that may be there. An alteration is
 * all or nothing on both, so that one of the things that it adds tells of the rest.
 */
const alterUnless = (name: string, done: string, alteration: string): ReadonlyArray<string> => [
  `set @apikeys_step = (select if(count(*) = 0, 'alter table ${name}
${alteration.replaceAll("'", "''")}', 'do 0')
from information_schema.${done.startsWith("index_name") ? "statistics" : "columns"}
where table_schema = database() and table_name = '${name}' and ${done})`,
  "prepare apikeys_step from @apikeys_step",
  "execute apikeys_step",
  "deallocate prepare apikeys_step"
]

/** Code of the version before would take a disabled key for an active one, and a superseded digest for good. */
const lifecycle: Migration = {
  id: 3,
  name: "lifecycle",
  compatibleWith: 3,
  statements: [
    // Columns by themselves: together with keys, the whole table would be written anew.
    ...alterUnless(
      "apikeys_keys",
      "column_name = 'disabled_at'",
      `add column disabled_at datetime(3),
add column disabled_reason text`
    ),
    ...alterUnless(
      "apikeys_keys",
      "index_name = 'apikeys_keys_revoked'",
      `add key apikeys_keys_revoked (revoked_at),
add key apikeys_keys_expiring (expires_at)`
    ),
    ...alterUnless(
      "apikeys_digests",
      "column_name = 'superseded_at'",
      `add column superseded_at datetime(3),
add column valid_until datetime(3)`
    ),
    ...alterUnless(
      "apikeys_digests",
      "index_name = 'apikeys_digests_of_secret'",
      "add key apikeys_digests_of_secret (superseded_at, secret_id)"
    )
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
    ...alterUnless("apikeys_keys", "column_name = 'idempotency_digest'", "add column idempotency_digest binary(32)"),
    // The ids of keys whose uses a batch did not add, separated by commas: their rows were locked.
    ...alterUnless("apikeys_usage_batches", "column_name = 'left_out'", "add column left_out mediumtext"),
    // Revocations of all keys of an owner that are in force while the rows of the keys are still being written.
    `create table if not exists apikeys_fences (
  number bigint not null primary key,
  organization_id binary(16) not null,
  project_id binary(16),
  product_id binary(16),
  fenced_at datetime(3) not null,
  reason text,
  key apikeys_fences_of_organization (organization_id, number),
  key apikeys_fences_of_project (project_id),
  key apikeys_fences_of_product (product_id),
  foreign key (organization_id) references apikeys_organizations (id) on delete cascade,
  foreign key (project_id) references apikeys_projects (id) on delete cascade,
  foreign key (product_id) references apikeys_products (id) on delete cascade
) ${table}`,
    // Row 2 numbers fences. A key remembers the last one that there was before it, which all after it outrank.
    "insert ignore into apikeys_change_sequence (id, last_sequence) values (2, 0)",
    ...alterUnless("apikeys_keys", "column_name = 'after_fence'", "add column after_fence bigint not null default 0"),
    // What names a change besides its number: of another database, one of the same number has another.
    ...alterUnless(
      "apikeys_change_sequence",
      "column_name = 'last_mark'",
      `add column last_mark varchar(36) ${ascii} not null default '',
add column previous_mark varchar(36) ${ascii} not null default ''`
    ),
    "update apikeys_change_sequence set last_mark = uuid() where last_mark = ''",
    ...alterUnless(
      "apikeys_changes",
      "column_name = 'previous_mark'",
      `add column previous_mark varchar(36) ${ascii} not null default ''`
    ),
    // What signing secrets are called, by fingerprints that are expensive to guess; and the salt of these.
    `create table if not exists apikeys_secret_ids (
  id varchar(64) ${ascii} not null primary key,
  fingerprint varbinary(64),
  unique key apikeys_secret_ids_fingerprint (fingerprint)
) ${table}`,
    "insert ignore into apikeys_secret_ids (id, fingerprint) values ('salt', random_bytes(16))",
    // What earlier versions called them, which is made of them: until what is called so is called anew.
    "insert ignore into apikeys_secret_ids (id) select distinct secret_id from apikeys_digests where secret_id <> 'sha256'"
  ]
}

/** The schema, as its migrations make it. */
export const schema: Omit<Database["schema"], "migrateAlone"> = {
  migrations: [initial, changes, lifecycle, verdicts],
  recordTable: `create table if not exists apikeys_migrations (
  id int not null primary key,
  name varchar(255) not null,
  compatible_with int not null,
  applied_at bigint not null
) ${table}`,
  findRecordTable: `select table_name from information_schema.tables
where table_schema = database() and table_name = 'apikeys_migrations'`
}
