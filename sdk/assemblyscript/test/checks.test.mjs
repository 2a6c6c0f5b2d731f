import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createPlugin } from 'plugboard';

const file = new URL('../build/checks.wasm', import.meta.url);
const user = 'extism:host/user';
const functions = { [user]: { __get_state: () => 0n, __set_state() {}, __send_output() {} } };
const plugin = await createPlugin(await readFile(file), { functions });
const call = async (name, input = '') => (await plugin.call(name, input))?.text() ?? null;
const trip = text => call('roundTrip', text);

test('an actor must be registered', async () => {
  for (const name of ['get_metadata', 'process'])
    await assert.rejects(plugin.call(name, '{}'), /no actor is registered: call registerPlugin/);
  await call('register');
  assert.deepEqual(JSON.parse(await call('get_metadata')), {
    component: 'Checks',
    description: 'An actor',
    inports: [{ name: 'in', description: 'Any message', port_type: 'Any', required: true }],
    outports: [],
  });
});

test('a context may lack any key', async () => {
  const seen = async context => JSON.parse(await call('process', context)).outputs.seen.data;
  assert.deepEqual(await seen('{}'), ['', '', null, '']);
  assert.deepEqual(await seen('null'), ['', '', null, '']);
  assert.deepEqual(await seen('{"config":{"node_id":"n","component":"C","namespace":"s"}}'), [
    'n',
    'C',
    's',
    '',
  ]);
  await assert.rejects(
    plugin.call('process', '{'),
    /Failed to unmarshal actor context: expected a key at byte 1, got the end/,
  );
});

const same = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '1.0',
  '-0.0',
  '0.5',
  '""',
  '"text 🦀"',
  '[]',
  '{}',
  '[1,[2,[]],{"a":{"":null}}]',
  '{"b":1,"a":2}',
  '"\\u0000\\u001f\\"\\\\"',
  '"\\ud800"',
];
for (const text of same) test(`${text} comes back`, async () => assert.equal(await trip(text), text));

const changed = [
  [' [ 1 ,\t2\r\n] ', '[1,2]'],
  ['"\\/\\b\\f\\n\\r\\t\\u00e9\\ud83e\\udd80"', '"/\\u0008\\u000c\\u000a\\u000d\\u0009é🦀"'],
  ['-0', '-0.0'],
  ['1e2', '100.0'],
  ['9223372036854775808', '9223372036854775808.0'],
  ['{"a":1,"a":2}', '{"a":2}'],
];
for (const [text, expected] of changed)
  test(`${JSON.stringify(text)} is written as ${expected}`, async () => {
    const got = await trip(text);
    assert.deepEqual(JSON.parse(got), JSON.parse(text));
    if (!expected.startsWith('922')) assert.equal(got, expected);
  });

const wrong = [
  ['', 'expected a value at byte 0, got the end'],
  ['nul', 'expected null at byte 0, got byte 0x6e'],
  ['[1,]', 'expected a value at byte 3, got byte 0x5d'],
  ['[1', 'expected "," or "]" at byte 2, got the end'],
  ['{"a"}', 'expected ":" at byte 4, got byte 0x7d'],
  ['{"a":1,}', 'expected a key at byte 7, got byte 0x7d'],
  ['{"a":1', 'expected "," or "}" at byte 6, got the end'],
  ['{a:1}', 'expected a key at byte 1, got byte 0x61'],
  ['"a', 'expected a text without control characters at byte 2, got the end'],
  ['"\n"', 'expected a text without control characters at byte 1, got byte 0xa'],
  ['"\\x"', 'expected an escape at byte 2, got byte 0x78'],
  ['"\\u00g0"', 'expected a hexadecimal digit at byte 5, got byte 0x67'],
  ['01', 'expected a number without leading zeros at byte 1, got byte 0x31'],
  ['-', 'expected a value at byte 1, got the end'],
  ['1.', 'expected a digit at byte 2, got the end'],
  ['1e+', 'expected a digit at byte 3, got the end'],
  ['+1', 'expected a value at byte 0, got byte 0x2b'],
  ['1 2', 'expected the end at byte 2, got byte 0x32'],
  ['1e400', 'expected a number within a 64-bit float at byte 5, got the end'],
  [`${'['.repeat(130)}`, 'expected at most 128 levels at byte 129, got byte 0x5b'],
];
for (const [text, reason] of wrong)
  test(`${JSON.stringify(text.slice(0, 20))} is not JSON: ${reason}`, async () =>
    assert.equal(JSON.parse(await trip(text)), reason));

test('128 levels are read', async () => {
  const text = '['.repeat(129) + ']'.repeat(129);
  assert.equal(await trip(text), text);
});

const view = new DataView(new ArrayBuffer(8));
const bitsOf = value => (view.setFloat64(0, value), view.getBigUint64(0));
const nearest = async text =>
  assert.equal(BigInt(JSON.parse(await call('bits', text))), bitsOf(Number(text)), text);

// Halves between two floats, the ends of the range, and more digits than a float has.
const floats = [
  '1.0187295743828104e+49',
  '8.631111908988987e+51',
  '1e23',
  '9007199254740993.0',
  '9007199254740992.5',
  '9007199254740995.0',
  '1.7976931348623157e308',
  '5e-324',
  '2.4703282292062327e-324',
  '2.4703282292062328e-324',
  '2.2250738585072014e-308',
  '2.2250738585072011e-308',
  '4.9406564584124654e-324',
  '1e-400',
  '0e999999999999',
  '0.0',
  '1e-999999999999',
  '100000000000000000000000e-23',
  `0.${'0'.repeat(300)}1`,
  `1${'0'.repeat(300)}`,
  `1.${'0'.repeat(900)}1`,
  `9007199254740993.${'0'.repeat(900)}1`,
  `0.1${'9'.repeat(2000)}`,
  `${'1'.repeat(900)}e-890`,
];
test('a float is the nearest one', async () => {
  for (const text of floats) await nearest(text);
});

test('any float of 17 digits is the nearest one', async () => {
  for (let count = 0; count < 5000; count++) {
    view.setUint32(0, Math.random() * 2 ** 32);
    view.setUint32(4, Math.random() * 2 ** 32);
    const value = Math.abs(view.getFloat64(0));
    if (!Number.isFinite(value)) continue;
    await nearest(value.toString());
    await nearest(value.toExponential(17));
    await nearest(value.toPrecision(count % 100 || 1));
  }
});

test('readers answer their fallback for other kinds', async () => {
  const of = async text => JSON.parse(await call('readers', text));
  assert.deepEqual(await of('null'), [true, true, -1, -1, 'none', 0, 0, null, null, null, false, null]);
  assert.deepEqual(await of('false'), [false, false, -1, -1, 'none', 0, 0, null, null, null, false, false]);
  assert.deepEqual(await of('7'), [false, true, 7, 7, 'none', 0, 0, null, null, null, false, 7]);
  assert.deepEqual(await of('7.5'), [false, true, -1, 7.5, 'none', 0, 0, null, null, null, false, 7.5]);
  assert.deepEqual(await of('"t"'), [false, true, -1, -1, 't', 0, 0, null, null, null, false, 't']);
  assert.deepEqual(await of('[0,255]'), [
    false,
    true,
    -1,
    -1,
    'none',
    2,
    0,
    0,
    null,
    [0, 255],
    false,
    [0, 255, 1],
  ]);
  assert.deepEqual((await of('[256]'))[9], null);
  assert.deepEqual((await of('[-1]'))[9], null);
  assert.deepEqual(await of('{"a":5}'), [false, true, -1, -1, 'none', 0, 1, null, 5, null, true, { a: 1 }]);
});

test('values that JSON lacks become null and escapes', async () => {
  assert.equal(await call('odd'), '[null,null,"\\ud800 \\udc00 🦀"]');
});
