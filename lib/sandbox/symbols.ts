/**
 * Outside symbols by the capability they need.
 *
 * The lists say how a *known* symbol is classified; they are not the wall. A symbol on none of them is refused until
 * it is granted by name (see `lib/passes/policy.ts`).
 */
import type { Capability } from '../mir/module.ts';

/** A class of outside symbols a configuration can grant as a whole. */
export type SymbolClass = Exclude<Capability, 'none' | 'symbol'>;

/** Known symbols of each class. */
export const SYMBOL_CLASSES: Readonly<Record<SymbolClass, readonly string[]>> = {
  'syscall': ['syscall', 'sysenter', 'int80', '__syscall'],
  'file-io': [
    'open', 'openat', 'creat', 'read', 'write', 'close', 'fopen', 'fclose', 'fread', 'fwrite', 'fseek', 'ftell',
    'fflush', 'rename', 'unlink', 'mkdir', 'rmdir', 'stat', 'fstat', 'lstat', 'access', 'chmod', 'chown', 'truncate',
    'readdir', 'opendir', 'closedir',
  ],
  'network': [
    'socket', 'bind', 'listen', 'accept', 'connect', 'send', 'recv', 'sendto', 'recvfrom', 'gethostbyname',
    'getaddrinfo', 'freeaddrinfo', 'inet_addr', 'inet_pton', 'setsockopt', 'getsockopt', 'shutdown', 'poll', 'select',
    'epoll_create', 'epoll_ctl', 'epoll_wait',
  ],
};

const BY_SYMBOL: ReadonlyMap<string, SymbolClass> = new Map(
  (Object.keys(SYMBOL_CLASSES) as SymbolClass[]).flatMap((cls) => SYMBOL_CLASSES[cls].map((s) => [s, cls] as const)),
);

/**
 * The class of a known symbol.
 *
 * @example
 * classifySymbol('connect') // => 'network'
 * classifySymbol('execve')  // => undefined: on no list, so it needs a grant by name
 */
export function classifySymbol(symbol: string): SymbolClass | undefined {
  return BY_SYMBOL.get(symbol);
}
