import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { root } from './root.ts';

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The beginning of every page. It posts errors of the page, so that the run does not wait for a missing report. */
export const PAGE = `<!doctype html>
<meta charset="utf-8">
<script>
  // The message too: not every engine's stack begins with it.
  // Without the catch, a page whose server is gone would report that it cannot report, for ever.
  const fail = error =>
    fetch('/failure', { method: 'POST', body: error + ', at ' + error?.stack }).catch(() => {});
  addEventListener('error', ({ error, message }) => fail(error || message));
  addEventListener('unhandledrejection', ({ reason }) => fail(reason));
</script>
`;

export interface PageServer {
  origin: string;
  /** Settles with the next body that a page posts to /report; rejects with one posted to /failure. */
  nextReport(): Promise<string>;
  close(): void;
}

/**
 * Serves `pages` (path → text or bytes) and, below /files/, the files in `paths` of the repository. If `isolated` is false, the
 * headers that give a page SharedArrayBuffer are left out.
 */
export async function servePages(
  isolated: boolean,
  pages: ReadonlyMap<string, string | Uint8Array>,
  paths: readonly string[],
): Promise<PageServer> {
  let settle: (isFailure: boolean, body: string) => void = () => {};
  const answer = (response: ServerResponse, path: string) => {
    const file = path.replace('/files/', '');
    const body = pages.get(path) ?? (paths.includes(file) ? readFileSync(join(root, file)) : undefined);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    response.writeHead(body === undefined ? 404 : 200, {
      ...(isolated ? ISOLATION : {}),
      'Content-Type': type,
    });
    response.end(body);
  };
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'POST') return answer(response, pathname);
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      response.end();
      settle(pathname === '/failure', Buffer.concat(chunks).toString());
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    nextReport: () =>
      new Promise((resolve, reject) => {
        settle = (isFailure, body) => (isFailure ? reject(new Error(body)) : resolve(body));
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
