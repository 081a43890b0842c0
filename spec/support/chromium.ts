/** A real browser for specs: Debian's Chromium, driven by playwright-core, on pages served from a folder. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const PLACES: readonly string[] = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.map': 'application/json', '.wasm': 'application/wasm' };

/** The browser of this machine, or undefined after printing why `what` is skipped. `LAMELLA_CHROMIUM` names another. */
export function chromiumOrSkip(what: string): string | undefined {
  const named = process.env['LAMELLA_CHROMIUM'], found = (named === undefined ? PLACES : [named]).find((p) => existsSync(p));
  if (found === undefined) console.log(`skipped: ${what}: no browser at ${named ?? PLACES.join(', ')} (Debian: apt-get install chromium)`);
  return found;
}

export interface Page {
  /** Waits until the page has set `globalThis.result`, and gives it. Fails on an error of the page. */
  result(): Promise<unknown>;
}
export interface BrowserSession {
  /** Opens a page of the folder. */
  open(path: string): Promise<Page>;
  close(): Promise<void>;
}

/**
 * Serves `folder` on the loopback address and starts the browser.
 *
 * @param isolated - sends the headers that give pages `SharedArrayBuffer`
 */
export async function browse(executablePath: string, folder: string, isolated: boolean): Promise<BrowserSession> {
  const headers = isolated ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } : {};
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname), file = join(folder, path);
    if (path.includes('..') || !existsSync(file) || !statSync(file).isFile()) response.writeHead(404).end();
    else response.writeHead(200, { ...headers, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  let browser: Browser;
  try {
    // Without the last three it looks for hosts of its maker at every start.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    async open(path) {
      const page = await browser.newPage();
      const failed = new Promise<never>((_, reject) => { page.on('pageerror', reject); page.on('crash', () => { reject(new Error('the page crashed')); }); });
      failed.catch(() => undefined);
      await page.goto(`${origin}/${path}`);
      return { result: () => Promise.race([failed, page.waitForFunction('globalThis.result !== undefined', undefined, { timeout: 60_000 }).then(() => page.evaluate('globalThis.result') as Promise<unknown>)]) };
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
