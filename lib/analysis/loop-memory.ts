/** What each loop may overwrite. */
import type { Instruction } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { locate, type AliasFacts, type Location } from './alias.ts';
import type { Loops } from './loops.ts';

/** Stores kept per loop before it counts as overwriting everything. */
const MAX_PLACES = 16;

/** The places a loop stores to, inner loops included; with `all` set, any place (and `places` is cut short). */
export interface Clobber { all: boolean; readonly places: Location[] }

/** What an instruction may write, seen from memory as a whole. */
export function overwrites(i: Instruction): 'nothing' | 'place' | 'anything' {
  switch (i.kind) {
    case 'store': return i.volatile ? 'anything' : 'place';
    case 'memory_copy': case 'memory_fill': case 'call': case 'call_indirect': case 'atomic_load': case 'atomic_store':
    case 'atomic_rmw': case 'atomic_cmpxchg': case 'fence': case 'safepoint': case 'patch_point': return 'anything';
    default: return 'nothing';
  }
}

/** The clobbers of every loop, by loop number. */
export function loopClobbers(f: MirFunction, loops: Loops, facts: AliasFacts): readonly Clobber[] {
  const clobbers: Clobber[] = [];
  for (let l = 0; l < loops.count; l++) clobbers.push({ all: false, places: [] });
  if (loops.count === 0) return clobbers;
  for (let b = 0; b < f.blocks.length; b++) {
    if (loops.loopOf[b] < 0) continue;
    const list = f.blocks[b].instructions;
    for (let k = 0; k < list.length; k++) {
      const i = list[k], effect = overwrites(i);
      if (effect === 'nothing') continue;
      const place = i.kind === 'store' && effect === 'place' ? locate(i, i.type, facts) : undefined;
      for (let l = loops.loopOf[b]; l >= 0; l = loops.parents[l]) {
        const c = clobbers[l];
        if (c.all) break; // the loops around it are marked below
        if (place === undefined || c.places.length === MAX_PLACES) c.all = true; else c.places.push(place);
      }
    }
  }
  for (let l = 0; l < loops.count; l++) if (clobbers[l].all && loops.parents[l] >= 0) clobbers[loops.parents[l]].all = true;
  return clobbers;
}
