import { PluginStdio } from '../../src/actor/engine/stdio.ts';
import { type ActorOptions, type ProcessError, ScriptActor } from '../../src/actor/index.ts';
import type { CallError } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';
import { suite } from '../helpers/suite.ts';
import { type Print, printing, STDERR, STDOUT } from './printing.ts';

/** As TinyGo does it: its `println` and its panics go to stdout. */
const PANIC: Print = [STDOUT, 'panic: runtime error: index out of range\n'];
const REASON = 'panic: runtime error: index out of range';
const plugin = printing({
  process: { prints: [[STDOUT, 'one\n'], [STDERR, 'two\n'], PANIC], ends: ['unreachable'] },
  exits: { prints: [[STDERR, 'goroutine 1\n']], ends: ['i32.const 2', 'call proc_exit'] },
  fails: { prints: [[STDOUT, 'hint\n']], ends: ['unreachable'] },
  escapes: { prints: [[STDOUT, '\x1b[2J\x07a\tb\u202e\rc\n']], ends: ['unreachable'] },
});

suite('stdout and stderr of actors', test => {
  const failing = async (options: ActorOptions, entryPoint = 'process', code = 'TRAP') => {
    const actor = await ScriptActor.create({ source: plugin, entryPoint }, options);
    const error = await raises(() => actor.process({}), { code });
    await actor.stop();
    return error as ProcessError;
  };
  const print = (lines: string[]) => ({
    ...webPlatform,
    print: {
      out: (line: string) => lines.push(`out ${line}`),
      err: (line: string) => lines.push(line),
    },
  });

  test.row('upstream.16', 'go to stderr of the host under its name, and into the error', async () => {
    const lines: string[] = [];
    const error = await failing({ platform: print(lines), actorConfig: { node_id: 'node 7' } });
    equal(lines, ['node 7: one', 'node 7: two', `node 7: ${REASON}`]);
    equal([error.stdout, error.stderr], [['one', REASON], ['two']]);
    ok(error.message.endsWith(`; stdout: one | ${REASON}; stderr: two`), error.message);
  });

  test('the lines before proc_exit are in the error too', async () => {
    const error = await failing({ stderr: () => {} }, 'exits', 'EXIT');
    ok(error.message.endsWith('proc_exit(2); stderr: goroutine 1'), error.message);
  });

  test('a C program that fails an assertion prints it on stderr', async () => {
    const lines: string[] = [];
    const actor = await ScriptActor.create(
      { source: host().readBytes('fixtures/c-pdk/c_pdk.wasm'), entryPoint: 'assert_fails' },
      { functions: { 'extism:host/user': { twice: () => 0n } }, platform: print(lines) },
    );
    await raises(() => actor.process({}), { code: 'TRAP', message: '; stderr: Assertion failed' });
    equal(lines, ['actor: Assertion failed: strlen(chars) == 1000000 (main.c: assert_fails: 230)']);
    await actor.stop();
  });

  for (const stream of ['stdout', 'stderr'] as const) {
    test(`the option ${stream} gets the lines of that stream instead`, async () => {
      const [lines, own]: [string[], string[]] = [[], []];
      await failing({ platform: print(lines), [stream]: (line: string) => own.push(line) });
      const [out, err] = [['one', REASON], ['two']];
      equal(own, stream === 'stdout' ? out : err);
      equal(
        lines,
        (stream === 'stdout' ? err : out).map(line => `actor: ${line}`),
      );
    });
  }

  test('with enableWasiOutput the host prints them as they are, once', async () => {
    const expected = ['out one', 'two', `out ${REASON}`];
    const lines: string[] = [];
    await failing({ platform: print(lines), enableWasiOutput: true });
    equal(lines, expected);
    lines.length = 0;
    await failing({ platform: { ...print(lines), printsWasiOutput: () => true } });
    equal(lines, expected);
  });

  test('control characters of a line, and of the name, are escaped where they are printed', async () => {
    const lines: string[] = [];
    await failing({ platform: print(lines), actorConfig: { node_id: 'a\x1bb' } }, 'escapes');
    equal(lines, ['a\\u001bb: \\u001b[2J\\u0007a\tb\\u202e\\u000dc']);
    const own: string[] = [];
    await failing({ stdout: line => own.push(line) }, 'escapes');
    equal(own, ['\x1b[2J\x07a\tb\u202e\rc']);
  });

  test('the last lines are in the error of a module that fails while it is loaded', async () => {
    for (const name of ['_initialize', 'get_metadata', 'get_version']) {
      const source = printing({
        process: { prints: [] },
        [name]: { prints: [PANIC], ends: ['unreachable'] },
      });
      const error = await raises(() => ScriptActor.create({ source }, { stdout: () => {} }), {});
      ok(error.message.endsWith(`; stdout: ${REASON}`), error.message);
    }
  });

  test.row('limit.printedLines', 'are cut off for one call, and go on in the next', () => {
    const lines: string[] = [];
    const stdio = new PluginStdio('n', line => lines.push(line));
    for (let line = 0; line < 1005; line++) stdio[line % 2 ? 'writeStdout' : 'writeStderr'](String(line));
    equal(lines.slice(-2), ['n: 999', 'n: … more than 1000 lines in one call']);
    equal([stdio.stdout.length, stdio.stderr.length], [20, 20]);
    is(stdio.stderr.at(-1), '1004');
    stdio.begin();
    equal([stdio.stdout, stdio.stderr], [[], []]);
    stdio.writeStdout('again');
    is(lines.at(-1), 'n: again');
  });
});

suiteInModes('the last lines of a plugin', test => {
  test('are kept for the error that drops the instance', async () => {
    const running = await createPlugin(plugin);
    const error = (await raises(() => running.call('process'), { code: 'TRAP' })) as CallError;
    equal([error.stdout, error.stderr], [['one', REASON], ['two']]);
    await running.close();
  });

  test('come with the error of a plugin that cannot start', async () => {
    const source = printing({ _initialize: { prints: [PANIC], ends: ['unreachable'] } });
    const error = await raises(() => createPlugin(source), { code: 'INIT_FAILED' });
    equal((error.cause as CallError).stdout, [REASON]);
  });
});
