/**
 * The package as a user gets it: packed with `npm pack`, unpacked into a folder of its own, its dependencies linked in.
 * Nothing is asked of a registry.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { projectRoot } from '../support/project-root.ts';

const root = projectRoot();
/** Programs of users, copied out of here; each imports the package by its name. */
const CONSUMERS = join(root, 'spec', 'package', 'consumer');
/** What the package depends on, and what that needs in turn: koffi keeps its binaries in packages of another scope. */
const DEPENDENCIES: readonly string[] = ['koffi', '@koromix', 'ts-pattern', 'immer'];

/** How a program ended. */
export interface Ran { readonly code: number; readonly stdout: string; readonly stderr: string }

export interface Installed {
  /** The user's project. */
  readonly folder: string;
  /** The package in it. */
  readonly package: string;
  /** Paths in the tarball, without its leading folder, sorted. */
  readonly files: readonly string[];
  /** Copies programs of the `consumer` folder into the project. */
  copy(...names: readonly string[]): void;
  /** Writes a file of the project. */
  write(name: string, text: string): void;
  /** Runs the TypeScript compiler on the project; gives what it said, '' when it was content. */
  typeCheck(files: readonly string[], options?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Runs Node in the project. */
  node(...args: readonly string[]): Promise<Ran>;
  dispose(): void;
}

/**
 * Packs the project and installs it.
 *
 * @param without - dependencies that are left out
 */
export async function install(without: readonly string[] = []): Promise<Installed> {
  if (!existsSync(join(root, 'dist', 'lib', 'index.js'))) throw new Error('dist is missing: run `npm run build` first');
  const folder = mkdtempSync(join(tmpdir(), 'lamella-package-'));
  // Run through npm, this process knows which npm; else it is on the path.
  const npm = process.env['npm_execpath'];
  const [command, first] = npm !== undefined && npm.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const packed = await run(command, [...first, 'pack', '--ignore-scripts', '--offline', '--json', '--pack-destination', folder], root);
  if (packed.code !== 0) throw new Error(`npm pack failed:\n${packed.stderr}`);
  const tarball = readdirSync(folder).find((f) => f.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack made no tarball:\n${packed.stdout}`);

  const modules = join(folder, 'node_modules'), target = join(modules, 'lamella');
  mkdirSync(target, { recursive: true });
  const unpacked = await run('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', target], folder);
  if (unpacked.code !== 0) throw new Error(`tar failed:\n${unpacked.stderr}`);
  for (const name of DEPENDENCIES) {
    const from = join(root, 'node_modules', name);
    if (!without.includes(name) && existsSync(from)) symlinkSync(from, join(modules, name), 'dir');
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));

  return {
    folder, package: target,
    files: filesBelow(target),
    copy(...names) { for (const n of names) copyFileSync(join(CONSUMERS, n), join(folder, basename(n))); },
    write(name, text) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    },
    async typeCheck(files, options = {}) {
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
        compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: false, types: [], sourceMap: true, ...options }, files,
      }));
      const { stdout, stderr } = await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder, '--pretty', 'false'], folder);
      return stdout + stderr;
    },
    node: (...args) => run(process.execPath, args, folder),
    dispose: () => { rmSync(folder, { recursive: true, force: true }); },
  };
}

/** Files below a folder by relative path, `/` between parts, sorted. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name).slice(folder.length + 1).replaceAll('\\', '/'))
    .sort();
}

function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 1 << 26, timeout: 120_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr: error !== null && typeof error.code !== 'number' ? `${stderr}${error.message}` : stderr });
    });
  });
}
