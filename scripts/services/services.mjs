/** @import { Service, ServiceName } from "./Service.js" */
import { mariadb } from "./mariadb.mjs"
import { mysql } from "./mysql.mjs"
import { pg } from "./pg.mjs"

/** @type {Readonly<Record<ServiceName, Service>>} */
export const services = { pg, mysql, mariadb }

export const serviceNames = /** @type {ReadonlyArray<ServiceName>} */ (Object.keys(services))
