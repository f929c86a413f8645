/** @import { Service } from "./Service.js" */
import { writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { durability, innodb, installedIn, settings } from "./mysqlSettings.mjs"

const own = ["--mysqlx=OFF", "--innodb-redo-log-capacity=256M"]

/** @type {Service} */
export const mysql = {
  name: "mysql",
  title: "MySQL",
  variable: "APIKEYS_TEST_MYSQL_URL",
  protocol: "mysql",
  minimum: "8.4",
  stopSignal: "SIGKILL",
  durability,
  readyLine: /ready for connections/,

  container: {
    image: "mysql:9",
    port: 3306,
    user: "root",
    environment: (password) => ({ MYSQL_ROOT_PASSWORD: password, MYSQL_DATABASE: "apikeys" }),
    settings: [...settings, ...own]
  },
  machine: {
    program: "mysqld",
    folders: () => ["/usr/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/opt/mysql/bin"]
  },
  debian: { suite: "unstable", package: "mysql-server-core", programs: ["usr/sbin/mysqld"] },

  versionIn: (output) => (/MariaDB/.test(output) ? undefined : output.match(/Ver (\d+(?:\.\d+)+)/)?.[1]),

  initialize: async ({ server }, folder, { data, user, password }, run) => {
    const statements = join(folder, "users.sql")
    // A statement a line.
    writeFileSync(
      statements,
      `create user '${user}'@'%' identified by '${password}';
grant all on *.* to '${user}'@'%' with grant option;
drop user 'root'@'localhost';
create database apikeys;
`
    )
    const files = [...installedIn(server), `--datadir=${data}`, `--init-file=${statements}`]
    // A small log, for it is copied with the template.
    const small = ["--innodb-redo-log-capacity=8M", "--skip-log-bin", ...innodb]
    await run(server, ["--no-defaults", "--initialize-insecure", ...files, ...small])
  },

  args: ({ server }, data, port) => [
    ...["--no-defaults", ...installedIn(server), `--datadir=${data}`],
    ...["--bind-address=127.0.0.1", `--port=${port}`, "--socket=", `--pid-file=${join(data, "mysqld.pid")}`],
    ...["--secure-file-priv=NULL", `--tmpdir=${dirname(data)}`, ...settings, ...own]
  ]
}
