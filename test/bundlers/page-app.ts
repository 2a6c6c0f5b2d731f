import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, expect, run } from '../package/checks.ts';

/** A vowel count on the thread of the page, the same in a worker, and the answer of an actor. */
const RESULT = '[2,2,6]';

/**
 * Bundles the app of test/bundlers/page with the plugins for esbuild and Vite.
 * @param visit opens a folder as a page; null without a browser
 */
export async function checkPageApp(
  project: string,
  tools: string,
  checks: Checks,
  visit: ((folder: string, html: string) => Promise<string>) | null,
): Promise<void> {
  const folder = join(project, 'page');
  const fixtures = join(project, 'node_modules/plugboard/fixtures');
  cpSync(join(tools, 'page'), folder, { recursive: true });
  copyFileSync(join(fixtures, 'vowels/vowels.wasm'), join(folder, 'vowels.wasm'));
  copyFileSync(join(fixtures, 'rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
  const check = (name: string, made: string) =>
    checks.check(`app with typed plugins, ${name}`, () => expect(made === RESULT, made));
  const attempt = async (name: string, make: () => string | Promise<string>) =>
    check(name, await Promise.resolve().then(make).catch(String));

  await attempt('esbuild, cjs for Node', () => {
    run(folder, process.execPath, 'esbuild.build.mjs');
    return run(folder, process.execPath, 'node/main.cjs').trim();
  });
  if (!visit) return;
  await attempt('esbuild, in a page', () =>
    visit(join(folder, 'web'), '<body><script type="module" src="main.js"></script>'),
  );
  await attempt('Vite, in a page', () => {
    run(folder, join(tools, 'node_modules/.bin/vite'), 'build', '--config', 'vite.config.mjs');
    return visit(join(folder, 'vite'), readFileSync(join(folder, 'vite/index.html'), 'utf8'));
  });
}
