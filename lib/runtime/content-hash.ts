/** The identity of a module by what is in it. */
import { freezeModule, type Module } from '../mir/module.ts';
import type { Surface } from '../mir/surface.ts';
import { nodeBuiltin } from './node-builtin.ts';

/**
 * SHA-256 of the module's data (all of it: names, locations and initial bytes too) and of the surface it is called
 * through. Modules with equal hashes may share code; modules built in another way may differ although they mean the
 * same.
 *
 * @example
 * contentHash(demo) // => 64 hexadecimal digits
 */
export function contentHash(module: Module, surface?: Surface): string {
  const bytes = nodeBuiltin('node:v8').serialize([freezeModule(module), surface]);
  return nodeBuiltin('node:crypto').createHash('sha256').update(bytes).digest('hex');
}
