/**
 * C library functions whose real C types are known. A module declares the types of its imports itself, so for these
 * the declaration is held against the truth: an address can then not be smuggled in as an integer, and a buffer's
 * length is checked even when the declaration says nothing about it.
 *
 * Parameter kinds:
 * - `int` `uint` `long` `size`: integers of 32 and 64 bits (the module may declare any integer type);
 * - `text`: NUL-terminated text; `null`: a pointer that must be null;
 * - `in:k` `out:k`: a buffer whose length in bytes is parameter k; `in:k*n` of n bytes for each of parameter k;
 *   `in:j*k` with two parameter numbers written `in:j,k`: the product of both; `in=n`: of exactly n bytes;
 * - `fd!`: a file descriptor that is closed by the call; `fds`: a buffer of two that the call opens;
 * - `handle`: a pointer of the C library's own (`FILE *`, `DIR *`), which the guest only ever sees as a small number;
 *   `handle!` is no more valid after the call; `handle?` may be null.
 *
 * A trailing `?` on an integer kind: the module may leave it out. The result `fd` is an `int`: a descriptor that the call
 * opened, when it is not negative.
 */
export interface LibcFunction {
  readonly result: 'int' | 'uint' | 'long' | 'handle' | 'fd';
  readonly params: readonly string[];
}

const f = (result: LibcFunction['result'], ...params: string[]): LibcFunction => ({ result, params });

/** Sizes of structures on x86-64 Linux. */
const STAT = 144, TIMESPEC = 16;

export const LIBC_FUNCTIONS: Readonly<Record<string, LibcFunction>> = {
  // Files.
  open: f('fd', 'text', 'int', 'uint?'), openat: f('fd', 'int', 'text', 'int', 'uint?'), creat: f('fd', 'text', 'uint'),
  read: f('long', 'int', 'out:2', 'size'), write: f('long', 'int', 'in:2', 'size'),
  pread: f('long', 'int', 'out:2', 'size', 'long'), pwrite: f('long', 'int', 'in:2', 'size', 'long'),
  close: f('int', 'fd!'), lseek: f('long', 'int', 'long', 'int'), fsync: f('int', 'int'), dup: f('fd', 'int'), dup2: f('fd', 'int', 'int'),
  pipe: f('int', 'fds=8'), isatty: f('int', 'int'), umask: f('uint', 'uint'),
  rename: f('int', 'text', 'text'), unlink: f('int', 'text'), mkdir: f('int', 'text', 'uint'), rmdir: f('int', 'text'),
  stat: f('int', 'text', `out=${STAT}`), lstat: f('int', 'text', `out=${STAT}`), fstat: f('int', 'int', `out=${STAT}`),
  access: f('int', 'text', 'int'), chmod: f('int', 'text', 'uint'), chown: f('int', 'text', 'uint', 'uint'),
  truncate: f('int', 'text', 'long'), ftruncate: f('int', 'int', 'long'),
  fopen: f('handle', 'text', 'text'), fclose: f('int', 'handle!'), fread: f('long', 'out:1,2', 'size', 'size', 'handle'),
  fwrite: f('long', 'in:1,2', 'size', 'size', 'handle'), fseek: f('int', 'handle', 'long', 'int'), ftell: f('long', 'handle'),
  fflush: f('int', 'handle?'), opendir: f('handle', 'text'), closedir: f('int', 'handle!'),
  puts: f('int', 'text'), putchar: f('int', 'int'),
  // Network.
  socket: f('fd', 'int', 'int', 'int'), bind: f('int', 'int', 'in:2', 'uint'), listen: f('int', 'int', 'int'),
  accept: f('fd', 'int', 'null', 'null'), connect: f('int', 'int', 'in:2', 'uint'),
  send: f('long', 'int', 'in:2', 'size', 'int'), recv: f('long', 'int', 'out:2', 'size', 'int'),
  sendto: f('long', 'int', 'in:2', 'size', 'int', 'in:5', 'uint'), recvfrom: f('long', 'int', 'out:2', 'size', 'int', 'null', 'null'),
  inet_addr: f('uint', 'text'), setsockopt: f('int', 'int', 'int', 'int', 'in:4', 'uint'), shutdown: f('int', 'int', 'int'),
  poll: f('int', 'out:1*8', 'size', 'int'), epoll_create: f('fd', 'int'), epoll_ctl: f('int', 'int', 'int', 'int', 'in=12'),
  epoll_wait: f('int', 'int', 'out:2*12', 'int', 'int'),
  // The rest: time, randomness, text.
  getpid: f('int'), getppid: f('int'), getuid: f('uint'), getgid: f('uint'), sleep: f('uint', 'uint'), usleep: f('int', 'uint'),
  nanosleep: f('int', `in=${TIMESPEC}`, 'null'), clock_gettime: f('int', 'int', `out=${TIMESPEC}`), time: f('long', 'null'),
  getrandom: f('long', 'out:1', 'size', 'uint'), getentropy: f('int', 'out:1', 'size'),
  strlen: f('long', 'text'), atoi: f('int', 'text'), abs: f('int', 'int'), labs: f('long', 'long'), rand: f('int'), srand: f('int', 'uint'),
  toupper: f('int', 'int'), tolower: f('int', 'int'),
};

/** Known functions that hand out addresses of the host's own memory: no linear-memory module can call them. */
export const HOST_POINTER_FUNCTIONS: ReadonlySet<string> = new Set(['readdir', 'gethostbyname', 'getaddrinfo', 'freeaddrinfo', 'malloc', 'free', 'realloc', 'calloc', 'mmap', 'munmap', 'mprotect', 'dlopen', 'dlsym', 'getenv', 'select', 'inet_pton', 'getsockopt']);
