import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import Database from "better-sqlite3"
import type { PlanName } from "./plans.js"

export interface Customer {
  readonly id: string
  readonly email: string
  readonly plan: PlanName
}

interface Row extends Customer {
  readonly salt: Buffer
  readonly password: Buffer
}

const hash = promisify<string, Buffer, number, Buffer>(scrypt)

/** The application's own table: of API keys it knows nothing. */
export class Customers {
  readonly #database: Database.Database

  constructor(filename: string) {
    this.#database = new Database(filename)
    this.#database.pragma("journal_mode = WAL")
    this.#database.exec(
      `create table if not exists customers (
        id text primary key, email text not null unique, plan text not null, salt blob not null, password blob not null
      ) strict`
    )
  }

  /** `null` where somebody has the address already. */
  async signUp(email: string, password: string): Promise<Customer | null> {
    const customer: Customer = { id: randomUUID(), email, plan: "free" }
    const salt = randomBytes(16)
    const insert = this.#database.prepare(
      "insert into customers values (@id, @email, @plan, @salt, @password) on conflict do nothing"
    )
    const { changes } = insert.run({ ...customer, salt, password: await hash(password, salt, 32) })
    return changes === 0 ? null : customer
  }

  /** `null` where the address or the password is wrong, whichever it is. */
  async signIn(email: string, password: string): Promise<Customer | null> {
    const row = this.#database.prepare<[string], Row>("select * from customers where email = ?").get(email)
    // Takes its time for unknown addresses as well.
    const proof = await hash(password, row?.salt ?? Buffer.alloc(16), 32)
    if (row === undefined || !timingSafeEqual(proof, row.password)) return null
    return { id: row.id, email: row.email, plan: row.plan }
  }

  get(id: string): Customer | undefined {
    return this.#database.prepare<[string], Customer>("select id, email, plan from customers where id = ?").get(id)
  }

  setPlan(id: string, plan: PlanName): void {
    this.#database.prepare("update customers set plan = ? where id = ?").run(plan, id)
  }

  close(): void {
    this.#database.close()
  }
}
