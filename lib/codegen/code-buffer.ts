/**
 * The code of a module while it is written: bytes, labels, branches, references, constants.
 *
 * Functions are written one after another between {@link CodeBuffer.beginFunction} and {@link CodeBuffer.endFunction}.
 * While a function is open, its plain bytes go to a *raw* buffer in which branches and alignments take no room; they
 * are events beside it. Closing the function chooses the form of every branch, then copies the raw bytes and the
 * branches to their final place. References to other functions and to constants are patched by
 * {@link CodeBuffer.finish}, which also lays out the constant pool after the last function.
 *
 * Branch relaxation (as in Szymanski, "Assembling code for machines with span-dependent instructions", CACM 21(4),
 * 1978): every branch starts in its short form and only ever grows. Invariants:
 * - a sweep assigns offsets from the present forms, then grows each short branch that does not reach; a sweep that
 *   grows nothing has assigned offsets with which every short branch reaches, alignments included;
 * - growth is monotone, so sweeps end; after {@link MAX_SWEEPS} of them every branch that might not reach in the worst
 *   case (all others long, all paddings full) becomes long, which settles the rest, so time is linear in events.
 *
 * Nothing here depends on addresses, time or hashing order: equal calls give equal bytes.
 */
import { InternalError } from '../mir/errors.ts';
import { ConstantPool, boundOffset } from './constant-pool.ts';
import { IntBuffer } from './growable.ts';

/** What the buffer must know of an architecture. Branch and reference kinds are its own small numbers. */
export interface CodeTarget {
  /** Largest alignment of a function start or constant, in bytes: the code must be loaded at a multiple of it. */
  readonly alignment: number;
  /** Bytes of a branch of `kind` in its short or long form. */
  branchSize(kind: number, long: boolean): number;
  /** Does the short form at `at` reach `target`? */
  shortReaches(kind: number, at: number, target: number): boolean;
  writeBranch(code: Uint8Array, at: number, kind: number, long: boolean, target: number): void;
  /** Patches the reference of `kind` at `at`, which stands for `target + addend` in the way the kind says. */
  writeReference(code: Uint8Array, at: number, kind: number, target: number, addend: number): void;
  /** Fills `count` bytes that may be executed with instructions that do nothing. */
  writePadding(code: Uint8Array, at: number, count: number): void;
}

/** A place in code, bound once; also the name of a constant. */
export type Label = number;

/** A finished module's code and the final offsets of what was asked for. */
export interface FinishedCode {
  readonly code: Uint8Array<ArrayBuffer>;
  /** Offset of each mark by its id. */
  readonly marks: Int32Array;
  /** Offset of each label, −1 for one never bound. */
  readonly labels: Int32Array;
  /** Offset where functions end and constants begin. */
  readonly constantsOffset: number;
}

const MAX_SWEEPS = 8;
const EVENT_LABEL = 0, EVENT_BRANCH = 1, EVENT_ALIGN = 2, EVENT_MARK = 3, EVENT_REFERENCE = 4;

export class CodeBuffer {
  readonly target: CodeTarget;
  /** Bytes of the open function, branches and paddings left out. Writers call {@link reserve} first. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  /** Used length of {@link bytes}. */
  length = 0;

  #out: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #outLength = 0;
  #open = false;
  #finished = false;
  readonly #pool = new ConstantPool();
  /** Final offset of each label; −1 unbound; while its function is open `−2 − event index`. */
  readonly #labels = new IntBuffer();
  readonly #marks = new IntBuffer();
  // Events of the open function, in emission order.
  readonly #event = new IntBuffer(1024);
  readonly #eventAt = new IntBuffer(1024);
  readonly #eventArg = new IntBuffer(1024);
  /** Branch: kind × 2 + long. Alignment: the largest padding. */
  readonly #eventInfo = new IntBuffer(1024);
  #eventOffset = new Int32Array(1024);
  #sweeping = 0;
  // References of the whole module.
  readonly #refAt = new IntBuffer();
  readonly #refKind = new IntBuffer();
  readonly #refLabel = new IntBuffer();
  readonly #refAddend = new IntBuffer();
  // Long branches that leave their function.
  readonly #farAt = new IntBuffer();
  readonly #farKind = new IntBuffer();
  readonly #farLabel = new IntBuffer();

  constructor(target: CodeTarget) { this.target = target; }

  /** Makes room for `count` more bytes after {@link length}; {@link bytes} may be replaced. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.bytes = grown(this.bytes, this.length + count);
  }

  newLabel(): Label { return this.#labels.push(-1); }

  /** Final offset of a label bound in a closed function, else a negative number. */
  offsetOfLabel(label: Label): number { return this.#labels.data[label]; }

  /** Final offset of a mark whose function is closed. */
  offsetOfMark(mark: number): number { return this.#marks.data[mark]; }

  /** Bytes of all closed functions. */
  get offset(): number { return this.#outLength; }

  /** Starts a function at a multiple of `align`; binds `label` to it. Returns its final offset. */
  beginFunction(label: Label = -1, align = 16): number {
    if (this.#open || this.#finished) throw new InternalError(this.#open ? 'beginFunction inside a function' : 'beginFunction in a finished buffer');
    this.#open = true;
    const start = Math.ceil(this.#outLength / align) * align;
    this.#ensureOut(start);
    if (start > this.#outLength) this.target.writePadding(this.#out, this.#outLength, start - this.#outLength);
    this.#outLength = start;
    if (label >= 0) this.bind(label);
    return start;
  }

  /** Binds `label` to the current place. */
  bind(label: Label): void {
    if (this.#labels.data[label] !== -1) throw new InternalError(`label ${label} is bound twice`);
    this.#labels.data[label] = -2 - this.#add(EVENT_LABEL, label, 0);
  }

  /** A branch to `label`; the buffer writes the instruction. */
  branch(kind: number, label: Label): void {
    this.#sweeping++;
    this.#add(EVENT_BRANCH, label, kind * 2);
  }

  /** Pads to a multiple of `align` (a power of two up to the target's), unless that takes more than `most` bytes. */
  align(align: number, most = align - 1): void {
    this.#sweeping++;
    this.#add(EVENT_ALIGN, align, most);
  }

  /** Remembers the current place; its final offset is known once the function is closed. */
  mark(): number {
    const id = this.#marks.push(-1);
    this.#add(EVENT_MARK, id, 0);
    return id;
  }

  /** Records that the bytes at `at` (an index of {@link bytes}, not before the last event) refer to `label`. */
  reference(kind: number, at: number, label: Label, addend: number): void {
    const id = this.#refAt.push(at);
    this.#refKind.push(kind);
    this.#refLabel.push(label);
    this.#refAddend.push(addend);
    const e = this.#add(EVENT_REFERENCE, id, 0);
    this.#eventAt.data[e] = at;
  }

  /** Label of a 4-byte constant in the pool. Equal constants have one place. */
  constant32(bits: number): Label { return this.#pool.add32(bits, this.#labels); }
  /** Label of an 8-byte constant, aligned to 8. */
  constant64(low: number, high: number): Label { return this.#pool.add64(low, high, this.#labels); }
  /** Label of a 16-byte constant (words from the lowest), aligned to 16. */
  constant128(w0: number, w1: number, w2: number, w3: number): Label { return this.#pool.add128(w0, w1, w2, w3, this.#labels); }
  /** Label of a table of 32-bit words, each `offset of targets[i] − offset of the table`. */
  jumpTable(targets: ArrayLike<Label>): Label { return this.#pool.addJumpTable(targets, this.#labels); }

  /** Closes the function: relaxes branches, fixes offsets of labels and marks. Returns the offset of its end. */
  endFunction(): number {
    if (!this.#open) throw new InternalError('endFunction outside a function');
    this.#open = false;
    if (this.#eventOffset.length < this.#event.length) this.#eventOffset = new Int32Array(this.#event.length * 2);
    if (this.#sweeping > 0) this.#relax();
    else this.#assignOffsets();
    this.#copyOut();
    this.#event.clear();
    this.#eventAt.clear();
    this.#eventArg.clear();
    this.#eventInfo.clear();
    this.length = 0;
    this.#sweeping = 0;
    return this.#outLength;
  }

  /** Adds the constants, patches every reference and returns the code. The buffer cannot be used after it. */
  finish(): FinishedCode {
    if (this.#open || this.#finished) throw new InternalError(this.#open ? 'finish inside a function' : 'finish of a finished buffer');
    this.#finished = true;
    const constantsOffset = this.#outLength;
    const end = this.#pool.place(constantsOffset, this.#labels.data);
    this.#ensureOut(end);
    const start = Math.min(end, this.#pool.start);
    if (start > constantsOffset) this.target.writePadding(this.#out, constantsOffset, start - constantsOffset);
    this.#outLength = end;
    const labels = this.#labels.finish();
    for (let i = 0; i < this.#refAt.length; i++) {
      this.target.writeReference(this.#out, this.#refAt.data[i], this.#refKind.data[i], boundOffset(labels, this.#refLabel.data[i]), this.#refAddend.data[i]);
    }
    for (let i = 0; i < this.#farAt.length; i++) {
      this.target.writeBranch(this.#out, this.#farAt.data[i], this.#farKind.data[i], true, boundOffset(labels, this.#farLabel.data[i]));
    }
    this.#pool.write(this.#out, labels);
    return { code: this.#out.slice(0, end), marks: this.#marks.finish(), labels, constantsOffset };
  }

  #add(event: number, arg: number, info: number): number {
    if (!this.#open) throw new InternalError('labels, branches, alignments, marks and references belong to a function, and none is open');
    this.#eventAt.push(this.length);
    this.#eventArg.push(arg);
    this.#eventInfo.push(info);
    return this.#event.push(event);
  }

  #ensureOut(length: number): void {
    if (length > this.#out.length) this.#out = grown(this.#out, length);
  }

  /** Final offset of every event from the present forms of branches. Returns the function's end. */
  #assignOffsets(): number {
    const event = this.#event.data, at = this.#eventAt.data, arg = this.#eventArg.data, info = this.#eventInfo.data;
    const offset = this.#eventOffset, n = this.#event.length, target = this.target;
    let shift = this.#outLength;
    for (let i = 0; i < n; i++) {
      const here = at[i] + shift;
      offset[i] = here;
      if (event[i] === EVENT_BRANCH) shift += target.branchSize(info[i] >> 1, (info[i] & 1) === 1);
      else if (event[i] === EVENT_ALIGN) shift += padding(here, arg[i], info[i]);
    }
    return this.length + shift;
  }

  #relax(): void {
    const event = this.#event.data, arg = this.#eventArg.data, info = this.#eventInfo.data;
    const offset = this.#eventOffset, n = this.#event.length, labels = this.#labels.data;
    for (let i = 0; i < n; i++) {
      // A branch out of the function is long: where it leads is not known yet.
      if (event[i] === EVENT_BRANCH && labels[arg[i]] >= -1) info[i] |= 1;
    }
    for (let sweep = 0; ; sweep++) {
      this.#assignOffsets();
      let grew = false;
      for (let i = 0; i < n; i++) {
        if (event[i] !== EVENT_BRANCH || (info[i] & 1) === 1) continue;
        if (!this.target.shortReaches(info[i] >> 1, offset[i], offset[-2 - labels[arg[i]]])) {
          info[i] |= 1;
          grew = true;
        }
      }
      if (!grew) return;
      if (sweep === MAX_SWEEPS) break;
    }
    this.#growDoubtful();
    this.#assignOffsets();
  }

  /** Makes every branch long that would not reach if all others were long and all paddings full. */
  #growDoubtful(): void {
    const event = this.#event.data, at = this.#eventAt.data, arg = this.#eventArg.data, info = this.#eventInfo.data;
    const n = this.#event.length, labels = this.#labels.data, worst = new Int32Array(n);
    let shift = 0;
    for (let i = 0; i < n; i++) {
      worst[i] = at[i] + shift;
      if (event[i] === EVENT_BRANCH) shift += this.target.branchSize(info[i] >> 1, true);
      else if (event[i] === EVENT_ALIGN) shift += info[i];
    }
    for (let i = 0; i < n; i++) {
      if (event[i] === EVENT_BRANCH && !this.target.shortReaches(info[i] >> 1, worst[i], worst[-2 - labels[arg[i]]])) info[i] |= 1;
    }
  }

  /** Copies the open function to its final place and settles its events. */
  #copyOut(): void {
    const event = this.#event.data, at = this.#eventAt.data, arg = this.#eventArg.data, info = this.#eventInfo.data;
    const offset = this.#eventOffset, n = this.#event.length, labels = this.#labels.data, target = this.target;
    let slack = 0;
    for (let i = 0; i < n; i++) slack += event[i] === EVENT_BRANCH ? target.branchSize(info[i] >> 1, true) : event[i] === EVENT_ALIGN ? arg[i] : 0;
    this.#ensureOut(this.#outLength + this.length + slack);
    const out = this.#out, raw = this.bytes;
    let from = 0, to = this.#outLength;
    for (let i = 0; i < n; i++) {
      switch (event[i]) {
        case EVENT_BRANCH: {
          to = copy(raw, from, at[i], out, to);
          from = at[i];
          const kind = info[i] >> 1, long = (info[i] & 1) === 1, label = labels[arg[i]];
          if (label <= -2) target.writeBranch(out, to, kind, long, offset[-2 - label]);
          else {
            this.#farAt.push(to);
            this.#farKind.push(kind);
            this.#farLabel.push(arg[i]);
          }
          to += target.branchSize(kind, long);
          break;
        }
        case EVENT_ALIGN: {
          to = copy(raw, from, at[i], out, to);
          from = at[i];
          const count = padding(to, arg[i], info[i]);
          if (count > 0) target.writePadding(out, to, count);
          to += count;
          break;
        }
        case EVENT_MARK: this.#marks.data[arg[i]] = offset[i]; break;
        case EVENT_REFERENCE: this.#refAt.data[arg[i]] = offset[i]; break;
        default: break;
      }
    }
    this.#outLength = copy(raw, from, this.length, out, to);
    for (let i = 0; i < n; i++) if (event[i] === EVENT_LABEL) labels[arg[i]] = offset[i];
  }
}

/** Bytes that bring `offset` to a multiple of `align`, or none when that is more than `most`. */
function padding(offset: number, align: number, most: number): number {
  const count = -offset & (align - 1);
  return count > most ? 0 : count;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start > 64) {
    to.set(from.subarray(start, end), at);
    return at + end - start;
  }
  for (let i = start; i < end; i++) to[at++] = from[i];
  return at;
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(Math.max(length, bytes.length * 2));
  next.set(bytes);
  return next;
}
