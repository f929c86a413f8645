import { Redacted } from "effect"

/** A URL in parts, as a client takes them whose settings are to hold. */
export const addressOf = (url: string) => {
  const { hostname, password, pathname, port, username } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    username,
    password: Redacted.make(decodeURIComponent(password))
  }
}
