/**
 * Requests that overtake one another: one runs at a time, the newest waits, those between are never made.
 * What an older one brings after a newer one was shown is never shown.
 */
export class Latest {
  constructor() {
    this.number = 0;
    this.shown = 0;
    /** @type {{number: number, draft: boolean, work: (signal: AbortSignal) => Promise<any>}|null} */
    this.waiting = null;
    /** @type {{number: number, draft: boolean, abort: AbortController}|null} */
    this.running = null;
  }

  /** Forget all that is under way: its answers are never shown. */
  drop() {
    this.waiting = null;
    this.running?.abort.abort();
    this.shown = this.number;
  }

  /** Whether everything that was asked for is shown. */
  get settled() {
    return !this.running && !this.waiting;
  }

  /**
   * @param {(signal: AbortSignal) => Promise<() => void>} work asks the server, and gives back what shows the answer
   * @param {{draft: boolean, failed: (error: unknown) => void}} options a draft gives way to what is not one
   */
  ask(work, { draft, failed }) {
    this.number += 1;
    this.failed = failed;
    this.waiting = { number: this.number, draft, work };
    if (this.running?.draft && !draft) this.running.abort.abort();
    if (!this.running) void this.#run();
  }

  async #run() {
    while (this.waiting) {
      const { number, draft, work } = this.waiting;
      this.waiting = null;
      const abort = new AbortController();
      this.running = { number, draft, abort };
      try {
        const show = await work(abort.signal);
        if (!abort.signal.aborted && number > this.shown) {
          this.shown = number;
          show();
        }
      } catch (error) {
        if (!abort.signal.aborted) this.failed?.(error);
      }
      this.running = null;
    }
  }
}
