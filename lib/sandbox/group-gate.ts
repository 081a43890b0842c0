/**
 * Lets groups of runs through, a whole group at a time and in order, as long as no more than a limit are through: two
 * groups whose runs wait for one another never hold half of the threads each.
 */
export class GroupGate {
  readonly #queue: { readonly count: number; readonly enter: () => void }[] = [];
  #limit = 0;
  #inside = 0;

  /** Raises the number of runs that may be through at a time. */
  allow(count: number): void { this.#limit = Math.max(this.#limit, count); }
  get limit(): number { return this.#limit; }

  /** Calls `enter` when all of a group may begin; {@link leave} is called once for each of its runs. */
  pass(count: number, enter: () => void): void {
    this.allow(count);
    this.#queue.push({ count, enter });
    this.#next();
  }

  leave(): void {
    this.#inside--;
    this.#next();
  }

  #next(): void {
    for (;;) {
      const group = this.#queue[0];
      if (group === undefined || this.#inside + group.count > this.#limit) return;
      this.#queue.shift();
      this.#inside += group.count;
      group.enter();
    }
  }
}
