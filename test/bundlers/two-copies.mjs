// Loads the package twice, as ES modules and as CommonJS, as a program of old and new tools may do. Values of one copy serve the
// other, and errors are recognised by their code.
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as host from 'plugboard';
import * as abi from 'plugboard/abi';
import * as actor from 'plugboard/actor';
import * as pack from 'plugboard/msgpack';
import * as wasi from 'plugboard/wasi';

const pathOf = name => fileURLToPath(import.meta.resolve(`plugboard${name}`));
const example = name => new Uint8Array(readFileSync(pathOf(`/examples/${name}.wasm`)));
const load = name => createRequire(import.meta.url)(join(dirname(pathOf('')), 'cjs', `${name}.cjs`));
const modules = { host, actor, abi, wasi, pack };
const commonjs = {
  host: load('node'),
  actor: load('actor-node'),
  abi: load('abi'),
  wasi: load('wasi'),
  pack: load('msgpack'),
};
const thrown = work =>
  work().then(
    () => assert.fail('nothing was thrown'),
    error => error,
  );

/** Rules that hold between two copies: `own` gets values of `other`. */
const RULES = {
  'the classes are two, and an error has the same code in both': async (own, other) => {
    const errors = [];
    for (const { host } of [own, other]) {
      const error = await thrown(() => host.createPlugin(new Uint8Array(3)));
      assert.ok(error instanceof host.PlugboardError);
      errors.push(error);
    }
    assert.ok(!(errors[0] instanceof other.host.PlugboardError));
    assert.strictEqual(errors[0].code, errors[1].code);
  },
  'an output is an input': async (own, other) => {
    const [first, second] = await Promise.all(
      [own, other].map(({ host }) => host.createPlugin(example('vowels'))),
    );
    const output = await first.call('count_vowels', 'hello');
    assert.strictEqual((await second.call('count_vowels', output)).json().count, 16);
    await Promise.all([first.close(), second.close()]);
  },
  'an error that a host function throws is the cause': async (own, other) => {
    const error = new other.host.CallError('TRAP', 'of the other copy');
    // Imports host.fail, and exports `run`, which calls it.
    const wasm = Uint8Array.of(
      ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 13, 1, 4, 104, 111, 115, 116],
      ...[4, 102, 97, 105, 108, 0, 0, 3, 2, 1, 0, 7, 7, 1, 3, 114, 117, 110, 0, 1],
      ...[10, 6, 1, 4, 0, 16, 0, 11],
    );
    const fail = () => {
      throw error;
    };
    const plugin = await own.host.createPlugin(wasm, { functions: { host: { fail } } });
    const got = await thrown(() => plugin.call('run'));
    assert.deepStrictEqual([got.code, got.cause], ['HOST_FUNCTION_FAILED', error]);
    await plugin.close();
  },
  'files in memory, and a typed host function': async (own, other) => {
    const preopens = { '/': new other.wasi.MemoryFs() };
    const { hostFunction, values } = other.host;
    const functions = {
      host: { unused: hostFunction({ params: [values.text], result: values.text }, text => text) },
    };
    const plugin = await own.host.createPlugin(example('tally'), { preopens, functions });
    await plugin.close();
  },
  'messages, floats and the codec': async (own, other) => {
    const options = { codec: other.pack.msgpack };
    const counter = await own.actor.ScriptActor.create({ source: example('counter') }, options);
    const [packet] = await counter.process({ increment: other.actor.Message.flow() });
    assert.strictEqual(packet.count.data, 1);
    await counter.stop();
    const float = new other.actor.Float(1);
    assert.ok(float instanceof own.actor.Float);
    assert.strictEqual(own.actor.writeJson({ float }), '{"float":1.0}');
    const decoded = other.pack.decode(own.pack.encode({ float }));
    assert.strictEqual(own.actor.writeJson(decoded), '{"float":1.0}');
  },
};

for (const [rule, prove] of Object.entries(RULES)) {
  for (const [name, own, other] of [
    ['ES modules get values of CommonJS', modules, commonjs],
    ['CommonJS gets values of ES modules', commonjs, modules],
  ]) {
    await prove(own, other).catch(cause => {
      throw new Error(`${rule}, ${name}`, { cause });
    });
  }
}
console.log('works');
