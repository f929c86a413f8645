/** As much of a stream as is written to. */
export interface Writable {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}

/** How far something is. */
export interface Progress {
  readonly done: number
  readonly total: number
  readonly seconds: number
}

const width = 24

const number = (value: number): string => Math.round(value).toLocaleString("en")

const inWords = ({ done, seconds, total }: Progress): string => {
  const rate = seconds > 0 ? done / seconds : 0
  const left = rate > 0 && done < total ? `, ${number(Math.max(0, total - done) / rate)} s left` : ""
  return `${number(done)} of ${number(total)} keys, ${number(rate)} a second${left}`
}

const bar = (progress: Progress): string => {
  const share = progress.total === 0 ? 1 : Math.min(1, progress.done / progress.total)
  const full = Math.floor(share * width)
  return `[${"#".repeat(full)}${"-".repeat(width - full)}] ${Math.floor(share * 100)} % ${inWords(progress)}`
}

/** Lines to the output, and progress to the error output: a bar on a terminal, a line now and then elsewhere. */
export class Terminal {
  readonly #output: Writable
  readonly #errors: Writable
  readonly #every: number
  #shown = ""
  #last = 0
  #finished = false

  /** @param every after how many seconds there is another line where there is no terminal */
  constructor(output: Writable, errors: Writable, every = 5) {
    this.#output = output
    this.#errors = errors
    this.#every = every
  }

  line(text: string): void {
    // The bar makes room, and comes back below.
    if (this.#shown !== "") this.#errors.write("\r\x1b[K")
    this.#output.write(`${text}\n`)
    if (this.#shown !== "") this.#errors.write(this.#shown)
  }

  progress(progress: Progress): void {
    const finished = progress.done >= progress.total && !this.#finished
    if (this.#errors.isTTY === true) {
      this.#shown = bar(progress).slice(0, (this.#errors.columns ?? 80) - 1)
      this.#errors.write(`\r\x1b[K${this.#shown}`)
    } else if (finished || progress.seconds - this.#last >= this.#every) {
      this.#last = progress.seconds
      this.#finished = finished
      this.#errors.write(`${inWords(progress)}\n`)
    }
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shown !== "") this.#errors.write("\r\x1b[K")
    this.#shown = ""
  }
}
