import type { ChildProcess } from 'node:child_process';
import { type BrowserName, openPage } from './browsers.ts';
import { servePages } from './serve.ts';
import { TIMEOUT_MS, temporary } from './start.ts';

/** Opens a page and waits for the report that it posts to /report. */
export async function visit(
  name: BrowserName,
  program: string,
  isolated: boolean,
  pages: ReadonlyMap<string, string | Uint8Array>,
  paths: readonly string[],
  page: string,
): Promise<string> {
  const server = await servePages(isolated, pages, paths);
  try {
    return await watchPage(name, program, `${server.origin}/${page}`, server.nextReport());
  } finally {
    server.close();
  }
}

/** Opens an address, and waits for the report that its page sends. */
export async function watchPage(
  name: BrowserName,
  program: string,
  url: string,
  report: Promise<string>,
): Promise<string> {
  const browser = openPage(name, program, temporary, url);
  const kill = () => {
    if (browser.pid && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
  };
  process.once('exit', kill);
  try {
    return await Promise.race([report, failure(browser, name)]);
  } finally {
    process.off('exit', kill);
    kill();
  }
}

function failure(browser: ChildProcess, name: BrowserName): Promise<never> {
  let output = '';
  browser.stderr?.on('data', text => {
    output = `${output}${text}`.slice(-4000);
  });
  return new Promise((_, reject) => {
    const fail = (what: string) => reject(new Error(`${name} ${what}\n${output}`));
    browser.on('error', error => fail(error.message));
    browser.on('exit', code => fail(`ended with ${code} before its page reported`));
    setTimeout(() => fail(`sent no report in ${TIMEOUT_MS} ms`), TIMEOUT_MS).unref();
  });
}
