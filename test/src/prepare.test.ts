import { customSection, encodeModule, exportItem, limits } from '../../abi/encode.ts';
import { compileAccessors } from '../../abi/index.ts';
import { builtModule } from '../../src/audit/node.ts';
import { preparationOf, prepareModule } from '../../src/module/prepare.ts';
import { createPlugin } from '../../src/node.ts';
import { unmeter } from '../../src/wasm/meter.ts';
import { bytesEqual, equal, is, ok, raises, throws } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { Random } from '../helpers/random.ts';
import { randomModule } from '../helpers/random-module.ts';
import { suite } from '../helpers/suite.ts';

const LOOPING = {
  memoryPages: 1,
  global: { name: 'started', value: 0 },
  functions: [
    { name: 'loop', body: ['loop', 'br 0', 'end'] },
    {
      name: 'many',
      body: [
        'i32.const 5000',
        'local.set 0',
        'loop',
        'local.get 0',
        'i32.const -1',
        'i32.add',
        'local.tee 0',
        'br_if 0',
        'end',
      ],
      locals: ['i32'],
    },
    { name: 'grow', body: ['i32.const 1', 'memory.grow 0'], results: ['i32'] },
    { name: 'begin', body: ['i32.const 7', 'global.set 0'] },
    { name: 'seen', body: ['global.get 0'], results: ['i32'] },
  ],
} as const;
const WASM = buildModule(LOOPING);
const WITH_START = buildModule({ ...LOOPING, start: 3 });
const facts = (bytes: Uint8Array<ArrayBuffer>) => ({
  sha256: '0'.repeat(64),
  fileSha256: '0'.repeat(64),
  prepared: preparationOf(bytes),
});

suite('prepared modules', test => {
  test('the bytes tell which limits they keep', () => {
    equal(preparationOf(WASM), {
      hasChecks: false,
      hasFuel: false,
      hasFresh: false,
      initialPages: 1,
      startPages: 1,
      maxPages: 65_536,
      hiddenPages: 0,
      growthPages: null,
    });
    equal(preparationOf(prepareModule(WASM, { maxPages: 3, time: false })), {
      hasChecks: false,
      hasFuel: false,
      hasFresh: false,
      initialPages: 1,
      startPages: 1,
      maxPages: 4,
      hiddenPages: 0,
      growthPages: 3,
    });
    equal(preparationOf(prepareModule(WASM, { maxPages: 0, time: true })), {
      hasChecks: true,
      hasFuel: false,
      hasFresh: false,
      initialPages: 1,
      startPages: 1,
      maxPages: 1,
      hiddenPages: 0,
      growthPages: 0,
    });
  });

  test('pages of memories that the host cannot see count together', () => {
    const pagesOf = (exported: number[]) => {
      const memory = [limits({ min: 1, max: 4 }), limits({ min: 1, max: 3 }), limits({ min: 1, max: 3 })];
      const names = exported.map(index => exportItem(`m${index}`, 'memory', index));
      return preparationOf(encodeModule({ memory, export: names })).growthPages;
    };
    equal([pagesOf([]), pagesOf([0, 2]), pagesOf([0, 1, 2])], [7, 5, 3]);
  });

  test('an export with a name of the host is in the message', async () => {
    const WITH = (name: string) => buildModule({ functions: [{ name, body: [] }] });
    const refused = (name: string) => ({ code: 'UNSUPPORTED', message: `already exports "${name}"` });
    const rows = [
      ['plugboard.fuel', { time: false, fuel: true }],
      ['plugboard.start', { time: true }],
      ['plugboard.fresh.start', { time: false, fresh: true }],
    ] as const;
    for (const [name, options] of rows)
      await raises(async () => prepareModule(WITH(name), options), refused(name));
    await raises(
      () => createPlugin(WITH('plugboard.fuel'), { limits: { fuel: 9 } }),
      refused('plugboard.fuel'),
    );
    await raises(
      () => createPlugin(WITH('plugboard.ask'), { timeoutMs: 99, timeoutBy: 'checks' }),
      refused('plugboard.ask'),
    );
  });

  test('a mark alone proves nothing', () => {
    const mark = JSON.stringify({ version: 1, maxPages: 1, time: true });
    const section = customSection('plugboard.prepared', [...new TextEncoder().encode(mark)]);
    const marked = Uint8Array.from([...WASM, ...section]);
    ok(WebAssembly.validate(marked));
    equal(preparationOf(marked), preparationOf(WASM));
  });

  test('checks of another version are refused, since they would trap', async () => {
    const bytes = prepareModule(WASM, { maxPages: undefined, time: true });
    // `i32.const 0`, then `i32.le_s`, which becomes `i32.lt_s`.
    const at = bytes.findLastIndex((byte, index) => byte === 0x4c && bytes[index - 2] === 0x41);
    const other = bytes.with(at, 0x48) as Uint8Array<ArrayBuffer>;
    is(WebAssembly.validate(other), true);
    is(unmeter(other), null);
    const message =
      'has the export "plugboard.ask" of time checks, and they are not those of this version of plugboard: ' +
      'prepare the original again (plugboard prepare --time)';
    const error = { code: 'UNSUPPORTED', message: `module "main" ${message}` };
    await raises(() => createPlugin(other), error);
    await raises(() => createPlugin(other, { timeoutMs: 1000 }), error);
    await raises(() => createPlugin(other, { timeoutMs: 1000, timeoutBy: 'checks' }), error);
    throws(() => preparationOf(other), message);
  });

  test('checks are found in each metered module, and in no other', () => {
    for (let seed = 0; seed < 150; seed++) {
      const { bytes } = randomModule(new Random(seed));
      if (!WebAssembly.validate(bytes)) continue;
      is(unmeter(bytes), null, `seed ${seed}`);
      const prepared = prepareModule(bytes, { time: true });
      ok(preparationOf(prepared).hasChecks, `seed ${seed}`);
    }
  });

  test('a module that has lost one byte of its checks has no checks', () => {
    const prepared = prepareModule(WITH_START, { time: true });
    const original = unmeter(prepared)!;
    bytesEqual(original.subarray(0, WITH_START.length), WITH_START);
    const random = new Random(1);
    let valid = 0;
    for (let turn = 0; turn < 2000; turn++) {
      const changed = prepared.slice();
      const at = 8 + random.below(changed.length - 8);
      changed[at] = changed[at]! ^ (1 << random.below(8));
      const found = unmeter(changed);
      if (!found) continue;
      // The change is one of the plugin's own code, which the checks surround as before.
      valid++;
      const again = prepareModule(found, { time: true });
      bytesEqual(again.subarray(0, changed.length), changed);
    }
    ok(valid < 1900, `${valid} changes left the checks whole`);
  });

  test('a prepared module keeps its time limit, as bytes and compiled', async () => {
    if (!compileAccessors()) return;
    for (const bytes of [WASM, WITH_START]) {
      const prepared = prepareModule(bytes, { time: true });
      for (const source of [prepared, builtModule(new WebAssembly.Module(prepared), facts(prepared))]) {
        const limited = await createPlugin(source, { timeoutMs: 50, timeoutBy: 'checks' });
        await raises(() => limited.call('loop'), { code: 'TIMEOUT' });
        await limited.close();
        const patient = await createPlugin(source, { timeoutMs: 60_000, timeoutBy: 'checks' });
        await patient.call('many');
        await patient.close();
        const free = await createPlugin(source);
        await free.call('many');
        if (bytes === WITH_START)
          await raises(() => free.call('seen'), { code: 'NONZERO_RESULT', message: '7' });
        await free.close();
      }
    }
  });

  test('a compiled module keeps memory.max_pages that its bytes keep, and no lower one', async () => {
    if (!compileAccessors()) return;
    const prepared = prepareModule(WASM, { maxPages: 2, time: false });
    const compiled = builtModule(new WebAssembly.Module(prepared), facts(prepared));
    const plugin = await createPlugin(compiled, { memory: { max_pages: 2 } });
    await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT', message: '1' });
    await plugin.close();
    await raises(() => createPlugin(compiled, { memory: { max_pages: 1 } }), {
      code: 'UNSUPPORTED',
      message: 'was not prepared for this limit (see plugboard prepare)',
    });
    await raises(() => createPlugin(compiled, { timeoutMs: 50, timeoutBy: 'checks' }), {
      code: 'UNSUPPORTED',
    });
    await raises(() => createPlugin(new WebAssembly.Module(prepared), { memory: { max_pages: 2 } }), {
      code: 'UNSUPPORTED',
      message: 'came compiled, and only its bytes can be changed',
    });
  });

  test('bytes that are not wasm, or that have checks already, are refused', async () => {
    const prepare = (bytes: Uint8Array<ArrayBuffer>) => async () => prepareModule(bytes, { time: true });
    await raises(prepare(new Uint8Array(3)), { code: 'INVALID_WASM' });
    await raises(prepare(prepareModule(WASM, { time: true })), { code: 'UNSUPPORTED' });
  });
});

suite('prepared modules in a worker', test => {
  test('a prepared module keeps its checks and limits', async () => {
    const prepared = prepareModule(WASM, { maxPages: 2, time: true });
    const plugin = await createPlugin(prepared, { runInWorker: true });
    await plugin.call('many');
    await plugin.close();
  });
});
