export type Dialect = "sqlite" | "pg" | "mysql"

/** Ids as SQLAlchemy keeps them: of a type where there is one, else 32 characters. */
const idTypes: Readonly<Record<Dialect, string>> = { sqlite: "char(32)", pg: "uuid", mysql: "char(32)" }

/** Dates that have a zone on PostgreSQL alone. */
const dateTypes: Readonly<Record<Dialect, string>> = { sqlite: "datetime", pg: "timestamptz", mysql: "datetime(6)" }

/** The tables of the Python library 0.2. */
export const oldSchema = (dialect: Dialect): ReadonlyArray<string> => {
  const id = idTypes[dialect]
  const date = dateTypes[dialect]
  const ofOrganization = (table: string) => `create table ${table} (
    id ${id} not null primary key, name varchar(255) not null, org_id ${id} not null references organizations (id),
    created_at ${date} not null)`
  return [
    `create table organizations (id ${id} not null primary key, name varchar(255) not null, created_at ${date} not null)`,
    ofOrganization("projects"),
    ofOrganization("products"),
    `create table project_products (
      project_id ${id} not null references projects (id), product_id ${id} not null references products (id),
      primary key (project_id, product_id))`,
    `create table api_keys (
      id ${id} not null primary key, org_id ${id} not null references organizations (id),
      project_id ${id} references projects (id), product_id ${id} references products (id),
      key_prefix varchar(8) not null, key_hash varchar(64) not null unique, metadata json not null,
      revoked_at ${date}, last_used_at ${date}, use_count integer not null, created_at ${date} not null)`
  ]
}
