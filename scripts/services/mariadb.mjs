/** @import { Service } from "./Service.js" */
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { durability, innodb, installedIn, settings, shareOf } from "./mysqlSettings.mjs"

/** What `mariadb-install-db` feeds to the server, under the names of now and of before. */
const systemTables = [
  ["mariadb_system_tables.sql", "mysql_system_tables.sql"],
  ["mariadb_performance_tables.sql", "mysql_performance_tables.sql"],
  ["mariadb_system_tables_data.sql", "mysql_system_tables_data.sql"],
  ["maria_add_gis_sp_bootstrap.sql"],
  ["mariadb_sys_schema.sql", "mysql_sys_schema.sql"]
]

const scriptsIn = (/** @type {string | undefined} */ share) =>
  systemTables.map((names) => {
    const file = names.map((name) => join(share ?? "", name)).find((path) => existsSync(path))
    if (share === undefined || file === undefined) throw new Error(`${names[0]} of MariaDB is missing`)
    return readFileSync(file, "utf8")
  })

/** @type {Service} */
export const mariadb = {
  name: "mariadb",
  title: "MariaDB",
  variable: "APIKEYS_TEST_MARIADB_URL",
  protocol: "mysql",
  minimum: "10.11",
  stopSignal: "SIGKILL",
  durability,
  readyLine: /ready for connections/,

  container: {
    image: "mariadb:11.8",
    port: 3306,
    user: "root",
    environment: (password) => ({ MARIADB_ROOT_PASSWORD: password, MARIADB_DATABASE: "apikeys" }),
    settings
  },
  machine: {
    program: "mariadbd",
    folders: () => ["/usr/sbin", "/usr/libexec", "/opt/homebrew/opt/mariadb/bin", "/usr/local/opt/mariadb/bin"]
  },
  debian: { suite: "stable", package: "mariadb-server-core", programs: ["usr/sbin/mariadbd"] },

  versionIn: (output) => output.match(/Ver (\d+(?:\.\d+)+)-MariaDB/)?.[1],

  initialize: async ({ server }, _folder, { data, user, password }, run) => {
    mkdirSync(data)
    const own = `
delete from mysql.global_priv where User = 'root';
flush privileges;
create user '${user}'@'%' identified by '${password}';
grant all on *.* to '${user}'@'%' with grant option;
create database apikeys;
`
    const statements = [
      "create database mysql;\nuse mysql;\nset @auth_root_socket = null;",
      ...scriptsIn(shareOf(server)),
      own
    ]
    // A small log, for it is copied with the template.
    const small = ["--innodb-log-file-size=8M", "--log-warnings=0", ...innodb]
    const files = [...installedIn(server), `--datadir=${data}`]
    await run(server, ["--no-defaults", "--bootstrap", ...files, ...small], statements.join("\n"))
  },

  args: ({ server }, data, port) => [
    ...["--no-defaults", ...installedIn(server), `--datadir=${data}`],
    ...["--bind-address=127.0.0.1", `--port=${port}`, "--socket=", `--pid-file=${join(data, "mariadbd.pid")}`],
    // Of its own: at its start a server deletes what it takes for left over in a folder that others use.
    ...[`--secure-file-priv=${data}`, `--tmpdir=${dirname(data)}`, "--innodb-log-file-size=256M", ...settings]
  ]
}
