import { FileState, Message, ModuleLoader, type ProcessError, ScriptActor } from '../../src/actor/node.ts';
import { inFolder } from '../cli/spawn.ts';
import { equal, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { onceInTime } from '../helpers/once-in-time.ts';
import { suite } from '../helpers/suite.ts';
import { buildGuest, i64 } from '../src/guest.ts';

const KEEPER = 'fixtures/rust-keeper/rust_keeper.wasm';
/** Code that loops for ever if the first operand is greater. */
const spinIfLonger = ['i64.gt_u', 'if', 'loop', 'br 0', 'end', 'end'];
const spinner = buildGuest({ process: ['input_length', ...i64(1000), ...spinIfLonger] });

suite('actors on Node, Deno and Bun', test => {
  test('a loader reads files, and makes actors of the class of this entry', () =>
    inFolder(async folder => {
      const loader = new ModuleLoader({ stderr: () => {} });
      await loader.load('keeper', host().path(KEEPER));
      const state = await FileState.open(`${folder}/s.json`);
      const actor = await loader.createActor('keeper', { state });
      ok(actor instanceof ScriptActor);
      await actor.process({ 'do:set': Message.object({ n: 1 }) });
      await actor.stop();
      equal((await FileState.open(`${folder}/s.json`)).load(), new Map([['n', 1]]));
    }));

  test('a compiled actor of the SDK of April 2025 in a worker leaves the state as it was', async () => {
    const wasm = host().readBytes('fixtures/actor-old-sdk/actor-old-sdk.wasm');
    const source = await WebAssembly.compile(wasm.slice());
    const actor = await ScriptActor.create({ source }, { runInWorker: true, state: { other: 1 } });
    const error = await raises(() => actor.process({}), {
      code: 'INVALID_RESULT',
      message: "give the option protocol: 'ports'",
    });
    equal([(error as ProcessError).packets, actor.state], [[], { other: 1 }]);
    await actor.stop();
  });

  for (const timeoutBy of ['checks', 'worker', undefined] as const) {
    test.row(
      'upstream.5',
      `a call over its time limit is ended by ${timeoutBy ?? 'default'}, and the actor goes on`,
      async () => {
        const actor = await ScriptActor.create({ source: spinner }, { timeoutMs: 300, timeoutBy });
        const { report } = actor;
        equal(report.isolation, timeoutBy === 'worker' ? 'worker' : 'inline');
        if (timeoutBy !== 'worker') equal(report.timeoutBy, 'checks');
        const short = { in: Message.flow() };
        const long = { in: Message.string('x'.repeat(1000)) };
        const codeOf = (call: Promise<unknown>) =>
          call.then(
            () => 'none',
            (error: ProcessError) => error.code,
          );
        const inTime = () => codeOf(onceInTime(() => actor.process(short)));
        // For a short input the plugin returns with an empty output: INVALID_RESULT, so it was not ended by force.
        equal(
          [await inTime(), await codeOf(actor.process(long)), await inTime()],
          ['INVALID_RESULT', 'TIMEOUT', 'INVALID_RESULT'],
        );
        await actor.stop();
      },
    );
  }

  test('actors that no checks can be added to have their time limit kept by a worker, if it can be ended', async () => {
    const module = await WebAssembly.compile(spinner);
    // A function of so many loops would be too large with a check in each.
    const body = Array.from({ length: 250_000 }, () => ['loop', 'end']).flat();
    const large = buildModule({ functions: [{ name: 'process', body }] });
    const canForce = !['Bun', 'Deno'].some(name => name in globalThis);
    for (const source of [module, large]) {
      const create = () => ScriptActor.create({ source }, { timeoutMs: 10_000 });
      if (!canForce) {
        await raises(create, { code: 'UNSUPPORTED', message: 'timeoutMs cannot be honoured' });
        continue;
      }
      const actor = await create();
      equal([actor.report.isolation, actor.report.timeoutBy], ['worker', 'worker']);
      await actor.stop();
    }
    const inWorker = await ScriptActor.create({ source: spinner }, { timeoutMs: 10_000, runInWorker: true });
    equal([inWorker.report.isolation, inWorker.report.timeoutBy === 'worker'], ['worker', canForce]);
    await inWorker.stop();
    const asked = ScriptActor.create({ source: module }, { timeoutMs: 300, timeoutBy: 'checks' });
    await raises(() => asked, { code: 'UNSUPPORTED', message: "timeoutBy is 'checks'" });
  });

  test.row(
    'upstream.5',
    'a plugin that prints for ever is ended, and few of its lines are kept',
    async () => {
      const store = (address: number, value: number) => [
        `i32.const ${address}`,
        `i32.const ${value}`,
        'i32.store',
      ];
      const print = ['i32.const 2', 'i32.const 0', 'i32.const 1', 'i32.const 32', 'call 0', 'drop'];
      const wasm = buildModule({
        imports: [
          {
            module: 'wasi_snapshot_preview1',
            name: 'fd_write',
            params: ['i32', 'i32', 'i32', 'i32'],
            results: ['i32'],
          },
        ],
        memoryPages: 1,
        functions: [
          // Prints one buffer of one byte, a line end.
          {
            name: 'process',
            body: [...store(0, 16), ...store(4, 1), ...store(16, 10), 'loop', ...print, 'br 0', 'end'],
          },
        ],
      });
      let lines = 0;
      const stderr = () => {
        lines++;
      };
      const actor = await ScriptActor.create({ source: wasm }, { timeoutMs: 300, stderr });
      const failed = () =>
        actor.process({}).then(
          () => Promise.reject(new Error('the plugin stopped by itself')),
          (error: ProcessError) => error,
        );
      for (let turn = 0; turn < 2; turn++) {
        let error = await failed();
        // On a busy machine the time may be over after a few lines.
        for (let left = 50; left > 0 && error.stderr.length < 20; left--) error = await failed();
        equal([error.code, error.stderr.length], ['TIMEOUT', 20]);
      }
      ok(lines > 40, `${lines} lines`);
      await actor.stop();
    },
  );

  test.row(
    'upstream.4',
    'a plugin that sometimes loops for ever loses no message, and other actors go on',
    async () => {
      const [actor, other] = [
        await ScriptActor.create({ source: spinner }, { timeoutMs: 200, capacity: 2 }),
        await ScriptActor.create({ source: host().readBytes(KEEPER) }, { capacity: 2 }),
      ];
      const collect = async (from: ScriptActor) => {
        const seen: unknown[] = [];
        for await (const packet of from.outports) seen.push(Object.keys(packet).join());
        return seen;
      };
      actor.start();
      other.start();
      const outputs = [collect(actor), collect(other)];
      for (let n = 0; n < 6; n++) {
        const text = 'x'.repeat(n % 3 === 1 ? 1000 : 1);
        await Promise.all([actor, other].map(to => to.inports.send({ [`n${n}`]: Message.string(text) })));
      }
      await Promise.all([actor.stop(), other.stop()]);
      // Each call of the spinner fails: with an empty output, or with a timeout.
      equal(await outputs[0], Array(6).fill('error'));
      equal(
        await outputs[1],
        [0, 1, 2, 3, 4, 5].map(n => `n${n}`),
      );
    },
  );

  test('a state file that cannot be read is refused with its path', () =>
    inFolder(async folder => {
      await raises(() => FileState.open(folder), {
        code: 'STATE_STORE_FAILED',
        message: new RegExp(`^${folder}: `),
      });
    }));
});
