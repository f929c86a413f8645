import { Terminal } from "../src/Terminal.js"

/** A terminal that remembers: what went to the output, line by line, and what went to the error output. */
export class Recorder extends Terminal {
  readonly #output: Array<string>
  readonly #errors: Array<string>

  constructor(options: { readonly isTTY?: boolean; readonly columns?: number; readonly every?: number } = {}) {
    const output: Array<string> = []
    const errors: Array<string> = []
    super({ write: (text) => output.push(text) }, { ...options, write: (text) => errors.push(text) }, options.every)
    this.#output = output
    this.#errors = errors
  }

  get lines(): ReadonlyArray<string> {
    return this.#output.join("").split("\n").slice(0, -1)
  }

  get errors(): string {
    return this.#errors.join("")
  }
}
