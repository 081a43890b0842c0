/**
 * For engines without tail calls: a function's tail calls of itself become a loop; others cannot be made in constant
 * stack and are refused.
 */
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { EditableFunction } from './editable-function.ts';

/** The same function without tail calls. @throws UnsupportedError for one to another function */
export function lowerTailCalls(f: MirFunction): MirFunction {
  let own = false;
  for (const { terminator: t } of f.blocks) {
    if (t.kind === 'tail_call_indirect' || t.kind === 'tail_call' && t.callee !== f.name) {
      throw new UnsupportedError('wasm', f.name, `${t.kind === 'tail_call' ? `tail call of ${t.callee}` : 'indirect tail call'}, which this WebAssembly engine lacks,`);
    }
    if (t.kind === 'tail_call') own = true;
  }
  if (!own) return f;
  // The entry takes no edges: its contents move to a block that does.
  const e = new EditableFunction(f), entry = e.block(0), params = f.params.map((t) => e.addValue(t));
  const head = e.addBlock(entry.terminator, entry.params, entry.instructions);
  e.setBlock(0, { params, instructions: [], terminator: { kind: 'jump', target: { block: head, args: params }, loc: f.loc } });
  for (let b = 1; b < e.blockCount; b++) {
    const t = e.block(b).terminator;
    if (t.kind === 'tail_call') e.setTerminator(b, { kind: 'jump', target: { block: head, args: t.args }, loc: t.loc });
  }
  return e.finish();
}
