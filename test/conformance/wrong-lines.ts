import type { Case, CaseFile } from '../../src/conformance/case.ts';

// Hosts that write a wrong line, for the runners of the cases in each language.

/** A host that writes other lines in place of its answers: rows.json beside it has them, by the id of the case. */
export const WRONG_HOST = `
const { readFileSync, writeFileSync } = require('node:fs');
const rows = JSON.parse(readFileSync(__dirname + '/rows.json', 'utf8'));
writeFileSync(__dirname + '/pid', String(process.pid));
const good = {
  hello: { protocol: 1, host: 'h', version: '1', capabilities: ['commands', 'logs'] },
  call: { output: '', error: null },
  command: { exitCode: 0 },
};
let id = 'hello';
const write = kind => {
  const [at, line] = rows[id] ?? [];
  if (at === 'mute' && kind === 'call') return writeFileSync(__dirname + '/muted', '');
  const isWrong = at === kind || (at === 'forever' && kind === 'call');
  const text = isWrong ? line.replace('LONG', () => 'x'.repeat(2 ** 27 + 1)) : JSON.stringify(good[kind] ?? { ok: true });
  process.stdout.write(text + '\\n');
};
write('hello');
require('node:readline').createInterface({ input: process.stdin }).on('line', text => {
  const message = JSON.parse(text);
  const [kind] = Object.keys(message);
  id = message.open?.id ?? message.command?.args[0] ?? id;
  write(kind === 'value' ? 'call' : kind);
});
// It outlives its runner, as a host that hangs does.
setInterval(() => {}, 1000);
`;

export const caseOf = (id: string, isCommand: boolean): Case => ({
  id,
  level: 'core',
  proves: 'x',
  ...(isCommand
    ? { command: { args: [id], exitCode: 0 } }
    : { calls: [{ function: 'f', output: { text: '' } }] }),
});
export const fileOf = (cases: Case[]): CaseFile => ({
  wasm: 'x.wasm',
  hostFunctions: { 'extism:host/user': { notify: { params: ['handle', 'i32'], results: [] } } },
  cases,
});
const hostCall = (called: object) =>
  JSON.stringify({ hostCall: { namespace: 'extism:host/user', name: 'notify', ...called } });
const hello = (more: object) =>
  JSON.stringify({ protocol: 1, host: 'h', version: '1', capabilities: [], ...more });

export type Row = [at: string, line: string, problem: RegExp];
export const HELLOS: Row[] = [
  ['hello', 'null', /hello: expected an object; the host wrote null/],
  ['hello', '[]', /hello: expected an object/],
  ['hello', 'hi', /expected a line of JSON; the host wrote hi/],
  ['hello', hello({ protocol: 2 }), /hello\.protocol: expected 1/],
  ['hello', '{"protocol":1}', /hello: expected the key host/],
  ['hello', hello({ capabilities: 'links' }), /hello\.capabilities: expected an array/],
  ['hello', hello({ capabilities: [5] }), /capabilities\[0\]: expected a text/],
];
export const CASES: Row[] = [
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
  ['call', 'LONG', /more than \d+ (characters|bytes) in one line/],
  ['close', 'null', /the answer to close: expected an object/],
  ['command', '{}', /the answer to command: expected the key exitCode/],
  ['command', '{"exitCode":0,"stdout":"%"}', /command\.stdout: expected base64/],
  ['forever', hostCall({ arguments: [{ bytes: '' }, { number: '1' }] }), /no answer within/],
];

/** A pair of cases for each row: one that is lost, and the next one, which passes. */
export const pairsOf = (rows: readonly Row[]): Case[] =>
  rows.flatMap(([at], index) => [
    caseOf(`wrong.${index}`, at === 'command'),
    caseOf(`next.${index}`, at === 'command'),
  ]);
