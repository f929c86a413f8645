/** What is told from outside. Secrets have no default: one that is in the sources is none. */
export interface Settings {
  readonly signingSecret: string
  readonly sessionSecret: string
  readonly folder: string
  readonly port: number
}

const secret = (name: string): string => {
  const value = process.env[name] ?? ""
  if (value.length < 32) throw new Error(`${name} needs at least 32 characters; make one with: openssl rand -hex 32`)
  return value
}

export const readSettings = (): Settings => ({
  signingSecret: secret("APIKEYS_SIGNING_SECRET"),
  sessionSecret: secret("SESSION_SECRET"),
  folder: process.env.DATA_FOLDER ?? ".",
  port: Number(process.env.PORT ?? 3000)
})
