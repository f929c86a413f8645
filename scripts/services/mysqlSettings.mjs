// What MySQL and MariaDB have in common.
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

// Without fsync, a commit still is in the files before it is answered: a killed server loses none. With
// innodb-flush-log-at-trx-commit=0 it would lose those of the last second.
export const innodb = ["--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=2"]

export const durability = ["--innodb-flush-method=fsync", "--innodb-flush-log-at-trx-commit=1"]

/** The time zone shows who relies on that of the server. */
export const settings = [
  ...innodb,
  "--skip-log-bin",
  "--performance-schema=OFF",
  "--skip-name-resolve",
  "--max-connections=500",
  "--innodb-buffer-pool-size=256M",
  "--default-time-zone=+05:30"
]

/** The folder of messages and scripts that belongs to this server program. */
export const shareOf = (/** @type {string} */ server) => {
  const prefix = dirname(dirname(server))
  return ["share/mysql", "share/mariadb", "share"]
    .map((folder) => join(prefix, folder))
    .find((folder) => existsSync(join(folder, "english/errmsg.sys")))
}

/** Tells a server program where it lies: what it was built to expect is not true of an unpacked package. */
export const installedIn = (/** @type {string} */ server) => {
  const share = shareOf(server)
  const files =
    share === undefined ? [] : [`--lc-messages-dir=${share}`, `--character-sets-dir=${join(share, "charsets")}`]
  return [`--basedir=${dirname(dirname(server))}`, ...files]
}
