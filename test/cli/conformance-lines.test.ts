import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fromWire, type HostCall, readCalled } from '../../src/cli/conformance/lines.ts';
import { processHost } from '../../src/cli/conformance/process-host.ts';
import { wordsOf } from '../../src/cli/conformance/words.ts';
import { type HostFunctionShape, HostLost } from '../../src/conformance/host.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { CASES, caseOf, fileOf, HELLOS, WRONG_HOST } from '../conformance/wrong-lines.ts';
import { equal, is, match, ok, throws } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, start as spawnCommand } from './spawn.ts';

const functions: HostFunctionShape[] = [
  { namespace: 'extism:host/user', name: 'notify', params: ['handle', 'i32'], results: [] },
];
/** Returns when the process of the host is over. The system tells it a moment after the kill. */
async function isGone(place: string): Promise<void> {
  const pid = Number(readFileSync(`${place}/pid`, 'utf8'));
  for (let left = 500; left > 0; left--) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await wait(20);
  }
  ok(false, 'the host is still there');
}

suite('plugboard conformance: lines of a host', test => {
  const start = (place: string, at: string, line: string, timeoutMs = 20_000) => {
    writeFileSync(`${place}/host.cjs`, WRONG_HOST);
    writeFileSync(`${place}/rows.json`, JSON.stringify({ [at === 'hello' ? at : 'wrong']: [at, line] }));
    return processHost([process.execPath, `${place}/host.cjs`], host().path('fixtures'), timeoutMs);
  };

  for (const [at, line, problem] of HELLOS)
    test(`the first line ${line} ends the start, and the process`, () =>
      inFolder(async place => {
        const error = await start(place, at, line).then(
          () => null,
          error => error as Error,
        );
        ok(error instanceof HostLost);
        match(error.message, problem);
        await isGone(place);
      }));

  for (const [at, line, problem] of CASES)
    test(`${line} for ${at} loses one case`, () =>
      inFolder(async place => {
        const made = await start(place, at, line, at === 'forever' ? 2000 : 20_000);
        try {
          const run = (id: string) => runCase(made, 'x', fileOf([]), caseOf(id, at === 'command'));
          const lost = await run('wrong');
          is(lost.status, 'failed');
          match(lost.reasons.join('\n'), problem);
          equal(await run('next'), { id: 'next', status: 'passed', reasons: [], rows: [] });
        } finally {
          await made.close();
        }
      }));

  test('a number is read as the language of the host spells it', () => {
    const rows: [text: string, value: number | bigint][] = [
      ['-0', -0],
      ['1e+20', 1e20],
      ['nan', Number.NaN],
      ['-inf', Number.NEGATIVE_INFINITY],
      ['+Inf', Number.POSITIVE_INFINITY],
      ['Infinity', Number.POSITIVE_INFINITY],
      ['9007199254740993', 9007199254740993n],
    ];
    for (const [number, value] of rows) {
      const [shape] = functions;
      const json = { hostCall: { ...shape, arguments: [{ bytes: '' }, { number }] } };
      const called = readCalled(json, functions) as { hostCall: HostCall };
      ok(Object.is(fromWire(called.hostCall.arguments[1]!), value), number);
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`${signal} ends the host too`, () =>
      inFolder(async place => {
        writeFileSync(`${place}/my host.cjs`, WRONG_HOST);
        writeFileSync(`${place}/rows.json`, JSON.stringify({ 'c-pdk.echo': ['mute'] }));
        const args = ['--cases', host().path('fixtures'), '--timeout', '0', '--filter', 'c-pdk.echo'];
        const runner = spawnCommand(place, [
          'conformance',
          ...args,
          '--host',
          `${process.execPath} 'my host.cjs'`,
        ]);
        const ended = new Promise(done => runner.on('close', (_, by) => done(by)));
        for (let left = 500; left > 0 && !existsSync(`${place}/muted`); left--) await wait(20);
        runner.kill(signal);
        is(await ended, signal);
        await isGone(place);
      }));
});

suite('plugboard conformance: words of --host', test => {
  const rows: [command: string, words: string[]][] = [
    [' a  b ', ['a', 'b']],
    ["'/a b/host' --x", ['/a b/host', '--x']],
    ['"/a b/host" ""', ['/a b/host', '']],
    ['/a\\ b/host', ['/a b/host']],
    ['C:\\a\\host.exe x', ['C:\\a\\host.exe', 'x']],
    [`a'b c'"d \\" \\x"e`, ['ab cd " \\xe']],
  ];
  for (const [command, words] of rows) test(`reads ${command}`, () => equal(wordsOf(command), words));

  for (const command of ['', ' ', "''", "a 'b", 'a "b', 'a\\'])
    test(`refuses ${JSON.stringify(command)}`, () => {
      throws(() => wordsOf(command), /^--host: expected a/);
    });
});
