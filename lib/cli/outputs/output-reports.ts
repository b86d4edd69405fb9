/** Receives the outcome of each output; `output` is its flag's name without the dashes. */
export type OutputReports = {
  /** An output has failed; the others continue. */
  failed(output: string, error: Error): void
  /** An output is done and has left out media; `text` says how much and why. */
  missing(output: string, text: string): void
  /** An output is done, and the stream brought no frame for it to write. */
  empty(output: string): void
}
