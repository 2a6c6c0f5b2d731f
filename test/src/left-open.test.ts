import { spawn } from 'node:child_process';
import { createPlugin as createOn } from '../../src/create.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import type { WorkerEvents } from '../../src/platform/types.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule, op } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** No program takes that long; one that never ends must not hang the run. */
const WATCHDOG_MS = 60_000;

suite('workers of this process', test => {
  test('a plugin that is never closed keeps no process alive', async () => {
    const flags =
      'Deno' in globalThis ? ['run', '--no-prompt', '--no-lock', `--allow-read=${host().path('.')}`] : [];
    const child = spawn(process.execPath, [...flags, host().path('dist/test/src/left-open.js')], {
      env: { NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: WATCHDOG_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const code = await new Promise(resolve => child.on('close', resolve));
    equal([code, output], [0, 'called\ndone\n']);
  });

  test('time-outs are refused on Bun alone', async () => {
    const creating = createOn(nodePlatform, buildModule({}), { timeoutMs: 5000 });
    if ('Bun' in globalThis) await raises(() => creating, { code: 'UNSUPPORTED', message: 'a loop of wasm' });
    else await (await creating).close();
  });

  test.row(
    'error.WORKER_FAILED',
    'a worker that dies fails its call, and the next one gets another',
    async () => {
      const started: WorkerEvents[] = [];
      const platform = {
        ...nodePlatform,
        startWorker: (events: WorkerEvents, args: Record<string, unknown>) => {
          started.push(events);
          return nodePlatform.startWorker(events, args);
        },
      };
      const wasm = buildModule({
        imports: [{ module: 'host', name: 'wait' }],
        functions: [{ name: 'run', body: [op.call, 0] }],
      });
      const wait = (context: { hostContext(): unknown }) => {
        if (context.hostContext() === 'die') started.at(-1)!.onDeath('out of memory');
      };
      const plugin = await createOn(platform, wasm, { runInWorker: true, functions: { host: { wait } } });
      const message = /^run: the plugin's worker died, or could not be started: out of memory$/;
      await raises(() => plugin.call('run', '', 'die'), { code: 'WORKER_FAILED', message });
      is(await plugin.call('run'), null);
      started.at(-1)!.onDeath('while nobody calls');
      is(await plugin.call('run'), null);
      is(started.length, 3);
      await plugin.close();
    },
  );
});
