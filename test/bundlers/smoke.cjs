// Tests of the package in a test framework, whose values belong to a realm of its own. `load` loads the package.
const assert = require('node:assert');
const { readFileSync } = require('node:fs');

/** Exports `spin`, which never returns, and `fine`. */
const plugin = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 3, 2, 0, 0],
  ...[7, 15, 2, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 4, 0x66, 0x69, 0x6e, 0x65, 0, 1],
  ...[10, 12, 2, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b, 2, 0, 0x0b],
];

const withPlugin = (load, options, use) => async () => {
  const made = await load('plugboard').createPlugin(new Uint8Array(plugin), options);
  try {
    await use(made);
  } finally {
    await made.close();
  }
};

module.exports = load => {
  // The import works without these classes, which jsdom under jest does not have.
  load('plugboard');
  for (const name of ['TextDecoder', 'TextEncoder']) globalThis[name] ??= require('node:util')[name];
  return tests(load);
};

const tests = load => ({
  'a plugin is called': withPlugin(load, {}, made => made.call('fine')),
  'compiled modules and buffers are taken': async () => {
    const { createPlugin } = load('plugboard');
    for (const source of [new WebAssembly.Module(new Uint8Array(plugin)), new Uint8Array(plugin).buffer]) {
      await (await createPlugin(source)).close();
    }
  },
  'an error has its code': withPlugin(load, {}, async made => {
    await assert.rejects(made.call('missing'), { code: 'FUNCTION_NOT_FOUND' });
    await made.call('fine');
  }),
  'a time limit ends a loop': withPlugin(load, { timeoutMs: 300 }, async made => {
    await assert.rejects(made.call('spin'), { code: 'TIMEOUT' });
    await made.call('fine');
  }),
  'bytes of a Buffer are taken': async () => {
    const { inspect } = load('plugboard');
    assert.strictEqual(inspect(readFileSync(require.resolve('plugboard/abi/accessors.wasm'))).valid, true);
  },
  'a message is written': () => {
    const { Message } = load('plugboard/actor');
    assert.strictEqual(Message.integer(1).type, 'Integer');
  },
});
