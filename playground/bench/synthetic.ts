/** Modules of a chosen size for measuring the compiler: loops, branches, memory, calls and arithmetic of every type. */
import { FunctionBuilder, ModuleBuilder, type Module, type Value } from 'lamella/mir';

/** Counts instructions and terminators. */
export function instructionCount(m: Module): number {
  let n = 0;
  for (const f of m.functions) for (const b of f.blocks) n += b.instructions.length + 1;
  return n;
}

/** A module with about `instructions` MIR instructions, in functions of about `perFunction`. The same every time. */
export function syntheticModule(instructions: number, perFunction: number): Module {
  const m = new ModuleBuilder('synthetic', { memory: { initialPages: 2 } });
  let left = instructions;
  for (let k = 0; left > 0; k++) {
    const size = Math.min(left, perFunction);
    m.addFunction(syntheticFunction(k, size), `f${k}`);
    left -= size;
  }
  return m.build();
}

function syntheticFunction(number: number, size: number): ReturnType<FunctionBuilder['finish']> {
  const b = new FunctionBuilder(`f${number}`, { params: ['i32', 'i64', 'f64', 'ptr'], results: ['i64'] });
  const [n, wide, real, base] = b.params;
  let seed = Math.imul(number + 1, 0x9e3779b1);
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return (seed >>> 8) % below;
  };
  // Values of each type in scope, and those that nothing has used yet: operands are mostly taken from the latter, so that
  // little of the code is dead, else from the last few, as in real code.
  let ints: Value[] = [n], longs: Value[] = [wide], reals: Value[] = [real];
  let emitted = 0;
  const used = new Set<Value>([n, wide, real]);
  const pick = (from: readonly Value[]): Value => {
    const recent = Math.min(8, from.length);
    if (random(4) !== 0) {
      for (let k = recent; k > 0; k--) {
        const v = from[from.length - k];
        if (!used.has(v)) {
          used.add(v);
          return v;
        }
      }
    }
    const v = from[from.length - 1 - random(recent)];
    used.add(v);
    return v;
  };
  const store = (values: readonly Value[]): void => {
    for (const v of values) {
      if (used.has(v)) continue;
      b.store({ base, offset: random(64) * 8 }, v);
      emitted++;
    }
  };
  /** Keeps the last values of each type, storing what falls out unused, and gives them for {@link leaveScope}. */
  const openScope = (): readonly (readonly Value[])[] => {
    [ints, longs, reals] = [ints, longs, reals].map((list) => {
      store(list.slice(0, -8));
      return list.slice(-8);
    });
    return [ints, longs, reals].map((list) => [...list]);
  };
  /** Stores what the values added since leave unused, and forgets them. */
  const leaveScope = (saved: readonly (readonly Value[])[]): void => {
    [ints, longs, reals].forEach((list, k) => store(list.slice(saved[k].length)));
    [ints, longs, reals] = saved.map((list) => [...list]);
  };
  const straight = (count: number): void => {
    for (let i = 0; i < count; i++) {
      switch (random(16)) {
        case 0: case 1: ints.push(b.binary('add', pick(ints), pick(ints))); break;
        case 2: ints.push(b.binary('mul', pick(ints), pick(ints))); break;
        case 3: ints.push(b.binary('xor', pick(ints), pick(ints))); break;
        case 4: { const c = b.const('i32', random(1000)); ints.push(b.binary('shl', pick(ints), c)); emitted++; break; }
        case 5: { const c = b.compare('slt', pick(ints), pick(ints)); ints.push(b.select(c, pick(ints), pick(ints))); emitted++; break; }
        case 6: case 7: longs.push(b.binary('add', pick(longs), pick(longs))); break;
        case 8: longs.push(b.binary('sub', pick(longs), b.convert('sext', pick(ints), 'i64'))); emitted++; break;
        case 9: reals.push(b.binary('fadd', pick(reals), pick(reals))); break;
        case 10: reals.push(b.binary('fmul', pick(reals), pick(reals))); break;
        case 11: reals.push(b.load('f64', { base, offset: random(64) * 8 })); break;
        case 12: ints.push(b.load('i32', { base, offset: random(128) * 4 })); break;
        case 13: b.store({ base, offset: random(128) * 4 }, pick(ints)); break;
        case 14: b.store({ base, offset: random(64) * 8 }, pick(reals)); break;
        default: longs.push(b.binary('and', pick(longs), pick(longs))); break;
      }
      emitted++;
    }
  };
  while (emitted < size) {
    straight(6 + random(10));
    const kind = random(3);
    if (kind === 0) {
      // A diamond that merges two values.
      const yes = b.createBlock(), no = b.createBlock(), join = b.createBlock();
      const merged = b.addBlockParam(join, 'i32'), mergedReal = b.addBlockParam(join, 'f64');
      b.br(b.compare('ult', pick(ints), pick(ints)), yes, no);
      const saved = openScope();
      for (const side of [yes, no]) {
        b.switchTo(side);
        straight(4);
        const args = [pick(ints), pick(reals)];
        leaveScope(saved);
        b.jump(join, args);
      }
      b.switchTo(join);
      ints.push(merged);
      reals.push(mergedReal);
      emitted += 4;
    } else if (kind === 1) {
      // A counted loop that carries a sum.
      const head = b.createBlock(), body = b.createBlock(), done = b.createBlock();
      const i = b.addBlockParam(head, 'i32'), sum = b.addBlockParam(head, 'i64');
      const zero = b.const('i32', 0), one = b.const('i32', 1);
      b.jump(head, [zero, pick(longs)]);
      b.switchTo(head);
      b.br(b.compare('slt', i, n), body, done);
      const saved = openScope();
      b.switchTo(body);
      ints.push(i);
      longs.push(sum);
      straight(8);
      const next = [b.binary('add', i, one), b.binary('add', sum, pick(longs))];
      leaveScope(saved);
      b.jump(head, next);
      b.switchTo(done);
      longs.push(sum);
      emitted += 8;
    } else if (number > 0 && random(4) === 0) {
      longs.push(b.call(`f${random(number)}`, [pick(ints), pick(longs), pick(reals), base], ['i64'])[0]);
      emitted++;
    }
  }
  openScope();
  for (const list of [ints, reals]) store(list);
  store(longs.slice(0, -1));
  b.ret([longs[longs.length - 1]]);
  return b.finish();
}
