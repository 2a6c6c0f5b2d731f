import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { plugboard } from '../../src/build/vite.ts';
import { inFolder, inProject } from '../build/project.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { Checks, expect, run } from '../package/checks.ts';
import { installLocked } from '../runtime/install.ts';

// Builds and serves the app of test/build/project.ts with Vite and Rollup themselves: `npm run test:vite`.

type Config = Record<string, unknown>;
/** The parts of Vite and Rollup that are used. They are installed apart, so their types are not at hand. */
interface Vite {
  version: string;
  build(config: Config): Promise<unknown>;
  createBuilder(config: Config): Promise<{ buildApp(): Promise<void> }>;
  createServer(config: Config): Promise<{
    ssrLoadModule(path: string): Promise<App>;
    transformRequest(path: string): Promise<{ code: string } | null>;
    environments: { [name: string]: { transformRequest(path: string): Promise<unknown> } };
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
const { rollup } = (await load('rollup/dist/es/rollup.js')) as Rollup;
const checks = new Checks();
const RESULT = '[2,6]';
const WORKERD = { conditions: ['workerd', 'module'], noExternal: true };
/** plugboard is left out, so that Node finds its own, which reads files. */
const EXTERNAL = /^plugboard/;

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
    `const bundle = await import(${JSON.stringify(pathToFileURL(file).href)});
    console.log(JSON.stringify(await (bundle.main ?? bundle.default.main)()))`,
  ).trim();
const expectMain = (file: string) => {
  const result = runMain(file);
  expect(result === RESULT, result);
};

async function checkVite(vite: Vite): Promise<void> {
  const checkOf = (name: string, body: (folder: string) => Promise<void>) =>
    check(`Vite ${vite.version}: ${name}`, body);

  await checkOf('a build for browsers emits the plugins and the worker', async folder => {
    writeFileSync(join(folder, 'index.html'), '<script type="module" src="./app.js"></script>');
    await vite.build(configOf(folder, 'web'));
    const names = filesIn(join(folder, 'web/assets')).join();
    expect(/vowels-[^,]*\.wasm/.test(names) && /worker-web-[^,]*\.js/.test(names), names);
  });

  for (const base of ['/', '/app/', './']) {
    await checkOf(
      `a build for browsers with the base ${base} finds the plugins by their URL`,
      async folder => {
        const rollupOptions = {
          input: join(folder, 'app.js'),
          preserveEntrySignatures: 'strict',
          external: EXTERNAL,
          output: { entryFileNames: 'js/[name].js' },
        };
        await vite.build(configOf(folder, 'web', { base }, { rollupOptions }));
        expectMain(join(folder, 'web/js/app.js'));
      },
    );
  }

  await checkOf('a library in CommonJS, whose code does not know its URL, has the bytes', async folder => {
    const lib = { entry: join(folder, 'app.js'), formats: ['cjs'], fileName: () => 'app.cjs' };
    await vite.build(configOf(folder, 'lib', {}, { lib, rollupOptions: { external: EXTERNAL } }));
    expectMain(join(folder, 'lib/app.cjs'));
  });

  for (const [format, found] of [
    ['es', /"\.\/v-[^"]*\.wasm"/],
    ['iife', /"data:application\/wasm;base64,AGFzbQ/],
  ] as const) {
    await checkOf(`a worker in ${format} finds the plugin`, async folder => {
      renameSync(join(folder, 'vowels.wasm'), join(folder, 'v.wasm'));
      const worker = { format, plugins: () => [plugboard()], rollupOptions: { external: EXTERNAL } };
      writeFileSync(join(folder, 'app.js'), "new Worker(new URL('./own.js', import.meta.url));");
      writeFileSync(join(folder, 'own.js'), "import v from './v.wasm?plugboard'; console.log(v);");
      writeFileSync(join(folder, 'index.html'), '<script type="module" src="./app.js"></script>');
      await vite.build(configOf(folder, 'web', { worker }));
      const assets = join(folder, 'web/assets');
      const name = filesIn(assets).find(name => name.startsWith('own-'))!;
      const code = readFileSync(join(assets, name), 'utf8');
      expect(found.test(code.replaceAll('`', '"')), code.slice(0, 500));
    });
  }

  for (const inline of [undefined, false]) {
    await checkOf(`a build for a server with inline: ${inline} runs`, async folder => {
      await vite.build(configOf(folder, 'ssr', { plugins: [plugboard({ inline })] }, { ssr: 'app.js' }));
      const names = filesIn(join(folder, 'ssr')).filter(name => name.endsWith('.wasm'));
      expect(names.length === (inline === false ? 2 : 0), names.join());
      expectMain(join(folder, 'ssr/app.js'));
    });
  }

  await checkOf('a build for workerd imports the modules', async folder => {
    const ssr = { target: 'webworker', noExternal: true, resolve: WORKERD };
    await vite.build(configOf(folder, 'workerd', { ssr }, { ssr: 'app.js' }));
    const code = readFileSync(join(folder, 'workerd/app.js'), 'utf8');
    const paths = [...code.matchAll(/^import \S+ from "(\.\/assets\/\S+-\w{64}\.wasm)";$/gm)].map(
      ([, path]) => path!,
    );
    expect(paths.length === 2, code.slice(0, 500));
    for (const path of paths) expect(existsSync(join(folder, 'workerd', path)), path);
  });

  await checkOf('the plugins of a Worker stay out of the folder of the page', async folder => {
    writeFileSync(join(folder, 'index.html'), '<title>page</title>');
    const build = { outDir: 'out/worker', ssr: true, rollupOptions: { input: join(folder, 'app.js') } };
    const builder = await vite.createBuilder({
      ...configOf(folder, 'out/client'),
      environments: { worker: { resolve: WORKERD, build }, client: { build: { outDir: 'out/client' } } },
      builder: {
        sharedConfigBuild: true,
        async buildApp({ build, environments }: { build(one: unknown): unknown; environments: Config }) {
          for (const name of ['worker', 'client']) await build(environments[name]);
        },
      },
    });
    await builder.buildApp();
    for (const [name, count] of [
      ['client', 0],
      ['worker', 2],
    ] as const) {
      const files = filesIn(join(folder, 'out', name));
      expect(files.filter(name => name.endsWith('.wasm')).length === count, files.join());
    }
  });

  for (const inline of [undefined, false]) {
    await checkOf(
      `the dev server with inline: ${inline} serves the app to servers and browsers`,
      async folder => {
        const server = await vite.createServer(
          configOf(folder, 'dev', { ...DEV, plugins: [plugboard({ inline })] }),
        );
        try {
          const result = JSON.stringify(await (await server.ssrLoadModule('/app.js')).main());
          expect(result === RESULT, result);
          const served = await server.transformRequest('/vowels.wasm?plugboard');
          expect(/Uint8Array\.from\(atob\("AGFzbQ/.test(served?.code ?? ''), served?.code ?? 'nothing');
        } finally {
          await server.close();
        }
      },
    );
  }

  await checkOf('the dev server reads no plugin that it would not serve', async folder => {
    await inFolder(async other => {
      copyFileSync(join(folder, 'vowels.wasm'), join(other, 'private.wasm'));
      const fs = { strict: true, allow: [folder], deny: ['counter.*'] };
      const server = await vite.createServer(
        configOf(folder, 'dev', { ...DEV, server: { ...DEV.server, fs } }),
      );
      try {
        for (const path of [join('/@fs', other, 'private.wasm'), '/counter.wasm']) {
          const answer = await server.transformRequest(`${path}?plugboard`).catch(String);
          expect(/Failed to load url|Denied ID/.test(String(answer)), JSON.stringify(answer));
        }
        const written = [...filesIn(other), ...readdirSync(folder)].filter(name => name.endsWith('.d.ts'));
        expect(written.length === 0, written.join());
      } finally {
        await server.close();
      }
    });
  });

  await checkOf('a dev server with the condition workerd that runs in Node gets the bytes', async folder => {
    const environments = { worker: { resolve: WORKERD } };
    const server = await vite.createServer(configOf(folder, 'dev', { ...DEV, environments }));
    try {
      const answer = (await server.environments.worker!.transformRequest('/vowels.wasm?plugboard')) as {
        code: string;
      };
      expect(/AGFzb/.test(answer.code), answer.code);
    } finally {
      await server.close();
    }
  });

  await checkOf('its types take the plugin', async folder => {
    linkTypes(folder, vite.version.startsWith('8') ? 'vite8' : 'vite', 'vite');
    compile(
      folder,
      "import { defineConfig } from 'vite';\nimport plugboard from 'plugboard/vite';\n" +
        'export default defineConfig({ plugins: [plugboard({ dts: false })] });\n',
    );
  });
}
const DEV = { server: { middlewareMode: true, ws: false }, appType: 'custom' };

for (const name of ['vite', 'vite8']) await checkVite((await load(`${name}/dist/node/index.js`)) as Vite);

await check('a build of Rollup runs', async folder => {
  const bundle = await rollup({
    input: join(folder, 'app.js'),
    plugins: [plugboard()],
    external: EXTERNAL,
  });
  await bundle.write({ dir: join(folder, 'rollup') });
  const result = runMain(join(folder, 'rollup/app.js'));
  expect(result === RESULT, result);
});

await check('the types of Rollup take the plugin', async folder => {
  linkTypes(folder, 'rollup', 'rollup');
  compile(
    folder,
    "import { rollup } from 'rollup';\nimport plugboard from 'plugboard/vite';\nawait rollup({ plugins: [plugboard()] });\n",
  );
});

function linkTypes(folder: string, installed: string, name: string): void {
  const types = fileURLToPath(new URL('../../../node_modules/@types', import.meta.url));
  symlinkSync(types, join(folder, 'node_modules/@types'), 'junction');
  symlinkSync(join(modules, installed), join(folder, 'node_modules', name), 'junction');
}
/** Compiles a program with the compiler of this repository. */
function compile(folder: string, code: string): void {
  rmSync(join(folder, 'app.js'));
  writeFileSync(join(folder, 'config.ts'), code);
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
  const compiler = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
  run(folder, process.execPath, compiler);
}

console.log(`${checks.passed} passed, ${checks.failed} failed`);
// Vite leaves a process of esbuild behind, for which Node would wait.
process.exit(checks.failed > 0 ? 1 : 0);
