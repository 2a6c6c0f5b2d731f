import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { plugboard } from '../../src/build/vite.ts';
import { inProject } from '../build/project.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { Checks, expect, run } from '../package/checks.ts';
import { installLocked } from '../runtime/install.ts';

// Builds and serves the app of test/build/project.ts with Vite and Rollup themselves: `npm run test:vite`.

type Config = Record<string, unknown>;
/** The parts of Vite and Rollup that are used. They are installed apart, so their types are not at hand. */
interface Vite {
  build(config: Config): Promise<unknown>;
  createServer(config: Config): Promise<{
    ssrLoadModule(path: string): Promise<App>;
    transformRequest(path: string): Promise<{ code: string } | null>;
    close(): Promise<void>;
  }>;
}
interface Rollup {
  rollup(config: Config): Promise<{ write(options: Config): Promise<unknown> }>;
}
interface App {
  main(): Promise<unknown>;
}

setTestHost(nodeHost);
const modules = installLocked('test/vite');
const load = async (file: string) => import(pathToFileURL(join(modules, file)).href) as Promise<unknown>;
const vite = (await load('vite/dist/node/index.js')) as Vite;
const { rollup } = (await load('rollup/dist/es/rollup.js')) as Rollup;
const checks = new Checks();
const RESULT = '[2,6]';

/** Runs `body` in the project, and counts it as one check. */
async function check(name: string, body: (folder: string) => Promise<void>): Promise<void> {
  let problem: unknown;
  await inProject(body).catch(error => {
    problem = error ?? 'no reason';
  });
  checks.check(name, () => {
    if (problem !== undefined) throw problem;
  });
}

const configOf = (root: string, outDir: string, more: Config = {}, build: Config = {}): Config => ({
  root,
  logLevel: 'error',
  plugins: [plugboard()],
  ...more,
  build: { outDir, minify: false, target: 'es2022', ...build },
});
const filesIn = (folder: string) => readdirSync(folder, { recursive: true }) as string[];
/** Runs main of a bundle on this Node, in a process of its own. */
const runMain = (file: string) =>
  run(
    dirname(file),
    process.execPath,
    '--input-type=module',
    '--eval',
    `import { main } from ${JSON.stringify(pathToFileURL(file).href)}; console.log(JSON.stringify(await main()))`,
  ).trim();

await check('a build for browsers emits the plugins, and finds them by their URL', async folder => {
  writeFileSync(join(folder, 'index.html'), '<script type="module" src="./app.js"></script>');
  await vite.build(configOf(folder, 'web'));
  const files = filesIn(join(folder, 'web/assets'));
  expect(
    files.some(name => /^vowels-.*\.wasm$/.test(name)),
    files.join(),
  );
  expect(
    files.some(name => /^worker-web-.*\.js$/.test(name)),
    files.join(),
  );
  const [, name] =
    /new URL\("(vowels-[^"]+\.wasm)", import\.meta\.url\)/.exec(
      files
        .filter(name => name.endsWith('.js'))
        .map(name => readFileSync(join(folder, 'web/assets', name), 'utf8'))
        .join(),
    ) ?? [];
  expect(name !== undefined && files.includes(name), `${name} among ${files.join()}`);
});

await check('a build for a server runs', async folder => {
  await vite.build(configOf(folder, 'ssr', {}, { ssr: 'app.js' }));
  const result = runMain(join(folder, 'ssr/app.js'));
  expect(result === RESULT, result);
});

await check('a build for workerd imports the modules', async folder => {
  const ssr = { target: 'webworker', noExternal: true, resolve: { conditions: ['workerd', 'module'] } };
  await vite.build(configOf(folder, 'workerd', { ssr }, { ssr: 'app.js' }));
  const code = readFileSync(join(folder, 'workerd/app.js'), 'utf8');
  const paths = [...code.matchAll(/^import \S+ from "(\.\/assets\/\S+\.wasm)";$/gm)].map(([, path]) => path!);
  expect(paths.length === 2, code.slice(0, 500));
  for (const path of paths) expect(existsSync(join(folder, 'workerd', path)), path);
});

await check('the dev server runs the app as a server does, and serves it to browsers', async folder => {
  const server = await vite.createServer(
    configOf(folder, 'dev', { server: { middlewareMode: true, ws: false }, appType: 'custom' }),
  );
  try {
    const result = JSON.stringify(await (await server.ssrLoadModule('/app.js')).main());
    expect(result === RESULT, result);
    const served = await server.transformRequest('/vowels.wasm?plugboard');
    expect(/Uint8Array\.from\(atob\("AGFzbQ/.test(served?.code ?? ''), served?.code ?? 'nothing');
  } finally {
    await server.close();
  }
});

await check('a build of Rollup runs', async folder => {
  const bundle = await rollup({
    input: join(folder, 'app.js'),
    plugins: [plugboard()],
    external: /^plugboard/,
  });
  await bundle.write({ dir: join(folder, 'rollup') });
  const result = runMain(join(folder, 'rollup/app.js'));
  expect(result === RESULT, result);
});

await check('the types of both tools take the plugin', async folder => {
  for (const name of ['vite', 'rollup', '@types']) {
    const target =
      name === '@types'
        ? fileURLToPath(new URL('../../../node_modules/@types', import.meta.url))
        : join(modules, name);
    symlinkSync(target, join(folder, 'node_modules', name), 'junction');
  }
  rmSync(join(folder, 'app.js'));
  writeFileSync(
    join(folder, 'config.ts'),
    "import { defineConfig } from 'vite';\nimport { rollup } from 'rollup';\nimport plugboard from 'plugboard/vite';\n" +
      'export default defineConfig({ plugins: [plugboard({ dts: false })] });\nawait rollup({ plugins: [plugboard()] });\n',
  );
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2022',
    module: 'preserve',
    exactOptionalPropertyTypes: true,
  };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['config.ts'] }),
  );
  run(
    folder,
    process.execPath,
    fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url)),
  );
});

console.log(`${checks.passed} passed, ${checks.failed} failed`);
// Vite leaves a process of esbuild behind, for which Node would wait.
process.exit(checks.failed > 0 ? 1 : 0);
