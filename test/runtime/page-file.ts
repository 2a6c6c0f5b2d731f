import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { BrowserName } from './browsers.ts';
import { root } from './root.ts';
import { watchPage } from './visit.ts';

/** Returns a policy that allows one more script. */
export function allowing(policy: string, script: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  return policy.replace('script-src', `script-src 'sha256-${hash}'`);
}

/**
 * Opens a page of dist/lib with one more script, which its policy then allows. The policy lets no request out, so that the script
 * reports by opening an address: `/report?` and the text.
 */
export async function visitPageFile(
  name: BrowserName,
  program: string,
  file: string,
  script: string,
): Promise<string> {
  const page = readFileSync(join(root, 'dist/lib', file), 'utf8');
  let settle: (report: string) => void = () => {};
  const report = new Promise<string>(resolve => {
    settle = resolve;
  });
  const server = createServer(({ url = '' }, response) => {
    const [path, query = ''] = url.split('?');
    if (path === '/report') settle(decodeURIComponent(query));
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    const html = path === '/' ? allowing(page, script) : '';
    response.end(html.replace('</html>', () => `<script>${script}</script></html>`));
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return await watchPage(name, program, url, report);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
