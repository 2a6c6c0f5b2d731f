import type { TestFile } from '../helpers/runner.ts';
import type { RuntimeId } from './cannot.ts';
import { runSuites } from './report.ts';
import { preloadedHost } from './repository.ts';

/** The entry of browsers. The page of serve.ts calls it. It posts its report to the server of the page. */
export async function runPage(suites: readonly TestFile[]): Promise<void> {
  const id = new URLSearchParams(location.search).get('runtime') as RuntimeId;
  const paths = (await (await fetch('/files.json')).json()) as string[];
  const files = await Promise.all(
    paths.map(
      async path => [path, new Uint8Array(await (await fetch(`/files/${path}`)).arrayBuffer())] as const,
    ),
  );
  const version =
    /(?:HeadlessChrome|Chrome|Firefox)\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent;
  const runtime = version.replace(/^.*\//, `${id} `);
  const report = await runSuites(id, preloadedHost(runtime, new Map(files)), suites);
  await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
}
