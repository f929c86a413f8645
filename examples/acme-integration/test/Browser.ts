/** As much of a browser as forms and a cookie need. */
export class Browser {
  #cookie = ""
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async get(path: string): Promise<Response> {
    return this.#keep(await fetch(`${this.#url}${path}`, { headers: { Cookie: this.#cookie }, redirect: "manual" }))
  }

  /** Sends a form, and follows no redirect. */
  async post(
    path: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {}
  ): Promise<Response> {
    return this.#keep(
      await fetch(`${this.#url}${path}`, {
        method: "POST",
        headers: { Cookie: this.#cookie, "Sec-Fetch-Site": "same-origin", ...headers },
        body: new URLSearchParams(fields),
        redirect: "manual"
      })
    )
  }

  get cookie(): string {
    return this.#cookie
  }

  /** Puts a cookie of one's own in the place of the one that was given. */
  forge(cookie: string): void {
    this.#cookie = cookie
  }

  #keep(response: Response): Response {
    const [cookie] = response.headers.getSetCookie()
    if (cookie !== undefined) this.#cookie = cookie.split(";", 1)[0] ?? ""
    return response
  }
}
