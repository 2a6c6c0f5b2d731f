import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fromWire, type HostCall, readCalled } from '../../src/cli/conformance/lines.ts';
import { processHost } from '../../src/cli/conformance/process-host.ts';
import { wordsOf } from '../../src/cli/conformance/words.ts';
import type { Case, CaseFile } from '../../src/conformance/case.ts';
import { type HostFunctionShape, HostLost } from '../../src/conformance/host.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { equal, is, match, ok, throws } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, start as spawnCommand } from './spawn.ts';

/** A host that writes `line` in place of its answer to one kind of message, in the case with the id "fault". */
const HOST = `
const { writeFileSync } = require('node:fs');
const [at, line] = process.argv.slice(2);
writeFileSync(__dirname + '/pid', String(process.pid));
const good = { hello: { protocol: 1, host: 'h', version: '1', capabilities: ['commands', 'logs'] }, command: { exitCode: 0 } };
let isFault = true;
const write = (kind, answer) => {
  if (kind === at && isFault) process.stdout.write(line.replace('LONG', () => 'x'.repeat(2 ** 27 + 1)) + '\\n');
  else process.stdout.write(JSON.stringify(answer) + '\\n');
};
write('hello', good.hello);
require('node:readline').createInterface({ input: process.stdin }).on('line', text => {
  const message = JSON.parse(text);
  const [kind] = Object.keys(message);
  if (message.open) isFault = message.open.id === 'fault';
  if (message.command) isFault = message.command.args[0] === 'fault';
  if (kind === 'call' && at === 'mute') return writeFileSync(__dirname + '/muted', '');
  if (kind === 'value') return at === 'forever' ? write('forever') : write('call', { output: '', error: null });
  if (kind === 'call') return at === 'forever' && isFault ? write('forever') : write('call', { output: '', error: null });
  write(kind, good[kind] ?? { ok: true });
});
// It outlives its runner, as a host that hangs does.
setInterval(() => {}, 1000);
`;

const file: CaseFile = {
  wasm: 'x.wasm',
  hostFunctions: {
    'extism:host/user': { notify: { params: ['handle', 'i32'], results: [] } },
  },
  cases: [],
};
const functions: HostFunctionShape[] = [
  { namespace: 'extism:host/user', name: 'notify', params: ['handle', 'i32'], results: [] },
];
const caseOf = (id: string, isCommand: boolean): Case => ({
  id,
  proves: 'x',
  ...(isCommand
    ? { command: { args: [id], exitCode: 0 } }
    : { calls: [{ function: 'f', output: { text: '' } }] }),
});
const hostCall = (called: object) =>
  JSON.stringify({ hostCall: { namespace: 'extism:host/user', name: 'notify', ...called } });
const hello = (more: object) =>
  JSON.stringify({ protocol: 1, host: 'h', version: '1', capabilities: [], ...more });

type Row = [at: string, line: string, problem: RegExp];
const HELLOS: Row[] = [
  ['hello', 'null', /hello: expected an object; the host wrote null/],
  ['hello', '[]', /hello: expected an object/],
  ['hello', 'hi', /expected a line of JSON; the host wrote hi/],
  ['hello', hello({ protocol: 2 }), /hello\.protocol: expected 1/],
  ['hello', '{"protocol":1}', /hello: expected the key host/],
  ['hello', hello({ capabilities: 'links' }), /hello\.capabilities: expected an array/],
  [
    'hello',
    hello({ capabilities: ['loggs'] }),
    /capabilities\[0\]: expected one of .*; the host wrote .*loggs/,
  ],
];
const CASES: Row[] = [
  ['open', 'null', /the answer to open: expected an object; the host wrote null/],
  ['open', '', /expected a line of JSON/],
  ['open', '{"ok":false}', /the answer to open\.ok: expected true/],
  ['open', '{"refused":true}', /refused: expected an object/],
  ['open', '{"refused":{}}', /refused: expected the key name/],
  [
    'open',
    '{"ok":true}\n{"ok":true}',
    /nobody asked for|the answer to call: expected the key output or error/,
  ],
  ['call', 'null', /the answer to call: expected an object/],
  ['call', '5', /the answer to call: expected an object; the host wrote 5/],
  ['call', '[]', /the answer to call: expected an object/],
  ['call', '{}', /the answer to call: expected the key output or error/],
  ['call', '{"output":5}', /call\.output: expected base64/],
  ['call', '{"output":"%%%"}', /call\.output: expected base64/],
  ['call', '{"error":5}', /call\.error: expected an object/],
  ['call', '{"error":{"name":"failed","message":5}}', /error\.message: expected a text/],
  ['call', '{"error":{"name":"zorp","message":""}}', /error\.name: expected a name of an error/],
  ['call', '{"error":{"name":"failed","message":"","exitCode":"1"}}', /error\.exitCode: expected an integer/],
  ['call', '{"output":"","logs":[5]}', /logs\[0\]: expected an object/],
  ['call', '{"output":"","stdout":7}', /call\.stdout: expected base64/],
  ['call', '{"hostCall":true}', /hostCall: expected an object/],
  ['call', hostCall({}), /hostCall: expected the key arguments/],
  ['call', hostCall({ arguments: [5] }), /hostCall\.arguments: expected an array of 2/],
  [
    'call',
    hostCall({ arguments: [{ number: '1' }, { number: '1' }] }),
    /arguments\[0\]: expected the key bytes/,
  ],
  ['call', hostCall({ arguments: [{ bytes: '' }, { number: 'one' }] }), /number: expected a number as text/],
  ['call', hostCall({ name: '__proto__', arguments: [] }), /hostCall: expected a host function of the case/],
  ['call', '{"output":""}\n{"output":""}', /nobody asked for|the answer to close\.?o?k?: expected/],
  ['call', 'LONG', /more than \d+ characters in one line/],
  ['close', 'null', /the answer to close: expected an object/],
  ['command', '{}', /the answer to command: expected the key exitCode/],
  ['command', '{"exitCode":0,"stdout":"%"}', /command\.stdout: expected base64/],
  ['forever', hostCall({ arguments: [{ bytes: '' }, { number: '1' }] }), /no answer within 2000 ms/],
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
    writeFileSync(`${place}/host.cjs`, HOST);
    return processHost([process.execPath, `${place}/host.cjs`, at, line], host().path('fixtures'), timeoutMs);
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
          const run = (id: string) => runCase(made, 'x', file, caseOf(id, at === 'command'));
          const lost = await run('fault');
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
        writeFileSync(`${place}/my host.cjs`, HOST);
        const args = ['--cases', host().path('fixtures'), '--timeout', '0', '--filter', 'c-pdk.echo'];
        const runner = spawnCommand(place, [
          'conformance',
          ...args,
          '--host',
          `${process.execPath} 'my host.cjs' mute`,
        ]);
        const ended = new Promise(done => runner.on('close', (_, by) => done(by)));
        while (!existsSync(`${place}/muted`)) await wait(20);
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
    [`a'b c'"d \\" \\x"e`, ['ab cd " \\xe']],
  ];
  for (const [command, words] of rows) test(`reads ${command}`, () => equal(wordsOf(command), words));

  for (const command of ['', ' ', "''", "a 'b", 'a "b', 'a\\'])
    test(`refuses ${JSON.stringify(command)}`, () => {
      throws(() => wordsOf(command), /^--host: expected a/);
    });
});
