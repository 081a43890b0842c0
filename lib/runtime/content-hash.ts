/** The name of a module's content: equal for equal modules, whatever objects they are made of. */
import type { Module } from '../mir/module.ts';
import { printModule } from '../mir/printer.ts';
import type { Surface } from '../mir/surface.ts';
import { nodeBuiltin } from './node-builtin.ts';

/**
 * SHA-256 of a module's text (which is complete: it parses back to an equal module) and of what its source language
 * knew about its boundary, as hexadecimal.
 */
export function contentHash(module: Module, surface?: Surface): string {
  const hash = nodeBuiltin('node:crypto').createHash('sha256').update(printModule(module));
  if (surface !== undefined) hash.update('\0').update(JSON.stringify(Object.entries(surface).sort(([a], [b]) => (a < b ? -1 : 1))));
  return hash.digest('hex');
}
