let last = 0;

/** A number that no other run of this process has. */
export function nextRunId(): number { return ++last; }
