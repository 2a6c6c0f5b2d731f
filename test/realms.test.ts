import { accessorBytes, kernelImports } from '../abi/index.ts';
import {
  ExtismEngine,
  MemoryState,
  Message,
  ModuleLoader,
  ScriptActor,
  writeJson,
} from '../src/actor/node.ts';
import { isOutOfMemory, isStackOverflow } from '../src/engine/error-texts.ts';
import { decode, encode } from '../src/msgpack/index.ts';
import { createPlugin, inspect, PlugboardError } from '../src/node.ts';
import { isMissing } from '../src/platform/system-error.ts';
import { bytesSource, createWasi, LineSink, type MemoryFiles, MemoryFs } from '../wasi/index.ts';
import { equal, is, raises, unreachable } from './helpers/assert.ts';
import { buildModule } from './helpers/build-module.ts';
import { otherRealm, toRealm } from './helpers/other-realm.ts';
import { suite } from './helpers/suite.ts';
import { ACTOR, kernel } from './option-tables.ts';
import { PUBLIC_CALLS, release } from './public-calls.ts';

const WASM = buildModule({
  imports: [{ module: 'extism:host/user', name: 'host' }],
  functions: [{ name: 'run', body: ['call 0'] }],
});
const HOST = { functions: { 'extism:host/user': { host: () => {} } } };
const foreign = <T>(value: T): T => toRealm(value) as T;
const foreignModule = (wasm: Uint8Array<ArrayBuffer>) => new (otherRealm().WebAssembly.Module)(wasm);

/** Classes of the platform, as jsdom and other libraries write them: a class of their own with the same name. */
class ForeignUrl {
  readonly [Symbol.toStringTag] = 'URL';
  readonly href: string;
  constructor(href: string) {
    this.href = href;
  }
}
class ForeignResponse {
  readonly [Symbol.toStringTag] = 'Response';
  readonly ok = true;
  readonly status = 200;
  readonly statusText = 'OK';
  readonly url = 'http://localhost/p.wasm';
  readonly headers = new Map([['content-type', 'application/wasm']]);
  readonly #bytes: Uint8Array<ArrayBuffer>;
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }
  get body() {
    const parts = [foreign(this.#bytes)];
    const read = () => Promise.resolve({ done: parts.length === 0, value: parts.pop() });
    return { getReader: () => ({ read, cancel: () => Promise.resolve() }) };
  }
  arrayBuffer() {
    return Promise.resolve(foreign(this.#bytes).buffer);
  }
  clone() {
    return this;
  }
}
class ForeignSignal {
  aborted = false;
  reason: unknown;
  readonly #listeners = new Set<() => void>();
  addEventListener(_type: string, listener: () => void) {
    this.#listeners.add(listener);
  }
  removeEventListener(_type: string, listener: () => void) {
    this.#listeners.delete(listener);
  }
  abort(reason: unknown) {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners) listener();
  }
}
const url = (href: string) => new ForeignUrl(href) as unknown as URL;
const response = (bytes: Uint8Array<ArrayBuffer>) => new ForeignResponse(bytes) as unknown as Response;

const runs = async (...args: Parameters<typeof createPlugin>) => {
  const plugin = await createPlugin(...args);
  await plugin.call('run');
  await plugin.close();
};
const processes = async (...args: Parameters<typeof ScriptActor.create>) => {
  const actor = await ScriptActor.create(...args);
  try {
    await actor.process({ port: Message.stream(foreign(Uint8Array.of(1))) });
  } finally {
    await actor.stop();
  }
};
const loads = async (source: Parameters<ModuleLoader['load']>[1]) => {
  await new ModuleLoader({ fetch: () => Promise.resolve(response(ACTOR)) }).load('a', source);
};
const fetched = () => Promise.resolve(response(WASM));

/** Passes a value of another realm to each place that asks for its class. */
const ACCEPTED: Readonly<Record<string, () => unknown>> = {
  'createPlugin: Uint8Array': () => runs(foreign(WASM), HOST),
  'createPlugin: ArrayBuffer': () => runs(foreign(WASM.slice().buffer), HOST),
  'createPlugin: Module': () => runs(foreignModule(WASM), HOST),
  'createPlugin: Response': () => runs(response(WASM), HOST),
  'createPlugin: URL': () => runs(url('http://localhost/p.wasm'), { ...HOST, fetch: fetched }),
  'createPlugin: promise': () => runs(foreign(Promise.resolve(WASM)), HOST),
  'createPlugin: options': () => runs(WASM, foreign(HOST)),
  'manifest: data': () => runs(foreign({ wasm: [{ data: WASM }] }), HOST),
  'manifest: data as ArrayBuffer': () => runs(foreign({ wasm: [{ data: WASM.slice().buffer }] }), HOST),
  'manifest: module': () => runs({ wasm: [{ module: foreignModule(WASM) }] }, HOST),
  'manifest: url': () =>
    runs({ wasm: [{ url: url('http://localhost/p.wasm') }] }, { ...HOST, fetch: fetched }),
  'manifest: response': () => runs({ wasm: [{ response: response(WASM) }] }, HOST),
  'inspect: Uint8Array': () => is(inspect(foreign(WASM)).runs, true),
  'inspect: Module': () => is(inspect(foreignModule(WASM)).runs, true),
  'actor: Uint8Array': () => processes({ source: foreign(ACTOR) }),
  'actor: ArrayBuffer': () => processes({ source: foreign(ACTOR.slice().buffer) }),
  'actor: Module': () => processes({ source: foreignModule(ACTOR) }),
  'actor: list of bytes': () => processes({ source: foreign([...ACTOR]) }),
  'actor: store of a Map': () =>
    processes({ source: ACTOR }, { state: { load: () => foreign(new Map()), commit: () => {} } }),
  'actor: store of a promise': () =>
    processes(
      { source: ACTOR },
      { state: { load: () => foreign(Promise.resolve(new Map())), commit: () => {} } },
    ),
  'engine: Module': async () => (await ExtismEngine.create({ source: foreignModule(ACTOR) })).close(),
  'engine: parts as bytes': async () => {
    const engine = await ExtismEngine.create({ source: ACTOR });
    const part = foreign(new TextEncoder().encode('{}'));
    await engine.process({ payload: part, config: part, state: foreign(new Map()), packets: foreign([]) });
    await engine.close();
  },
  'loader: Uint8Array': () => loads(foreign(ACTOR)),
  'loader: Module': () => loads(foreignModule(ACTOR)),
  'loader: URL': () => loads(url('http://localhost/p.wasm')),
  'Message.from': () => is(Message.from(foreign(Uint8Array.of(1, 2))).type, 'Stream'),
  'Message.is': () => is(Message.is(foreign(Message.encoded(Uint8Array.of(1)))), true),
  'Message.toPlain': () => equal(Message.toPlain(foreign(Message.stream(Uint8Array.of(1, 2)))), [1, 2]),
  writeJson: () => is(writeJson(foreign({ a: Uint8Array.of(1, 2) })), '{"a":[1,2]}'),
  encode: () => equal(encode(foreign({ a: Uint8Array.of(1) })), encode({ a: Uint8Array.of(1) })),
  decode: () => equal(decode(foreign(encode([1]))), [1]),
  MemoryState: () => equal(new MemoryState(foreign({ a: [1] })).snapshot(), { a: [1] }),
  MemoryFs: () => {
    const { a } = new MemoryFs(foreign({ a: { b: Uint8Array.of(1) } })).snapshot();
    equal((a as MemoryFiles).b, Uint8Array.of(1));
  },
  LineSink: () => {
    const lines = new LineSink();
    lines.write(foreign(Uint8Array.of(97, 10)));
    equal(lines.lines, ['a']);
  },
  bytesSource: () => {
    const into = new Uint8Array(2);
    is(bytesSource(foreign(Uint8Array.of(1, 2))).read(into), 2);
    equal(into, Uint8Array.of(1, 2));
  },
  'wasi.bind': () => createWasi({}).bind(new (otherRealm().WebAssembly.Memory)({ initial: 1 })),
  kernelImports: () => {
    const accessors = foreignModule(accessorBytes());
    is(kernelImports(kernel(), { accessors }).tier, 'accessors');
  },
};

/** Values that only look like those of a class, and the place that refuses them. */
const FORGED: Readonly<Record<string, (value: never) => unknown>> = {
  createPlugin: value => createPlugin(value),
  'manifest: data': value => createPlugin({ wasm: [{ data: value }] }),
  'manifest: module': value => createPlugin({ wasm: [{ module: value }] }),
  'manifest: url': value => createPlugin({ wasm: [{ url: value }] }),
  'manifest: response': value => createPlugin({ wasm: [{ response: value }] }),
  inspect: value => inspect(value),
  'actor: source': value => ScriptActor.create({ source: value }),
  loader: value => new ModuleLoader().load('a', value),
  MemoryFs: value => new MemoryFs({ a: value }),
  bytesSource: value => bytesSource(value),
  'wasi.bind': value => createWasi({}).bind(value),
  'kernelImports: accessors': value => kernelImports(kernel(), { accessors: value }),
  'Message.toPlain': value => Message.toPlain({ type: 'Stream', data: value }),
  'a store': async value => {
    const state = { load: () => value, commit: () => {} };
    const actor = await ScriptActor.create({ source: ACTOR }, { state });
    await actor.process({}).finally(() => actor.stop());
  },
};
const CLASSES = ['Uint8Array', 'ArrayBuffer', 'Map', 'URL', 'Response'] as const;
class Tagged {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  get [Symbol.toStringTag]() {
    return this.#name;
  }
}
const forgeries = (): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(
    CLASSES.flatMap(name => [
      [`an heir of ${name}`, Object.create(globalThis[name].prototype)],
      [`a tag of ${name}`, new Tagged(name)],
    ]),
  ),
  'an heir of Module': Object.create(WebAssembly.Module.prototype),
  'an heir of Memory': Object.create(WebAssembly.Memory.prototype),
  'a proxy of bytes': new Proxy(WASM, {}),
});

/** The outcome of a call, to compare two. */
async function outcomeOf(run: () => unknown): Promise<string> {
  try {
    await release(await run());
    return 'it works';
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
}

const hostThrows = async (thrown: unknown) => {
  const host = () => {
    throw thrown;
  };
  const plugin = await createPlugin(WASM, { functions: { 'extism:host/user': { host } } });
  await plugin.call('run').finally(() => plugin.close());
};

suite('values of another realm', test => {
  for (const [name, { run, args }] of Object.entries(PUBLIC_CALLS)) {
    test(`${name} accepts its arguments`, async () => {
      const expected = await outcomeOf(() => run(...args));
      is(await outcomeOf(() => run(...args.map(foreign))), expected);
    });
  }

  for (const [name, pass] of Object.entries(ACCEPTED)) {
    test(`${name} is accepted`, async () => {
      await pass();
    });
  }

  for (const [place, pass] of Object.entries(FORGED)) {
    test(`${place} refuses forged values`, async () => {
      const accepted: string[] = [];
      for (const [name, value] of Object.entries(forgeries())) {
        const isRefused = await Promise.resolve()
          .then(() => pass(value as never))
          .then(
            () => false,
            error => error instanceof PlugboardError,
          );
        if (!isRefused) accepted.push(name);
      }
      equal(accepted, []);
    });
  }

  test('an error of a host function keeps its text and its place as the cause', async () => {
    const thrown = foreign(new Error('the disk is full'));
    const error = await raises(() => hostThrows(thrown), { message: 'the disk is full' });
    is(error.code, 'HOST_FUNCTION_FAILED');
    is(error.cause, thrown);
  });

  test('an error of a store keeps its text', async () => {
    const load = () => {
      throw foreign(new Error('no such table'));
    };
    const error = await raises(
      () => ScriptActor.create({ source: ACTOR }, { state: { load, commit: load } }),
      {
        message: 'no such table',
      },
    );
    is(error.code, 'STATE_STORE_FAILED');
  });

  test('an error of the file system keeps its code', () => {
    const missing = Object.assign(foreign(new Error('ENOENT: no such file')), { code: 'ENOENT' });
    is(isMissing(missing), true);
    is(isMissing({ code: 'ENOENT' }), false);
  });

  test("the engine's errors keep their meaning", () => {
    const realm = otherRealm();
    is(isStackOverflow(new realm.RangeError('Maximum call stack size exceeded')), true);
    is(isOutOfMemory(new realm.RangeError('Invalid string length')), true);
    is(isOutOfMemory(new realm.Error('Invalid string length')), false);
  });

  test('a signal of another class ends the call of an actor', async () => {
    const signal = new ForeignSignal();
    const actor = await ScriptActor.create({ source: ACTOR });
    const given = { signal: signal as unknown as AbortSignal };
    await actor.process({}, given);
    signal.abort(new Error('the user left'));
    const error = await raises(() => actor.process({}, given), { message: 'the user left' });
    is(error.code, 'ABORTED');
    await actor.stop();
  });

  test('bytes are read without the properties of the value', async () => {
    const lying = foreign(WASM);
    for (const name of ['length', 'byteLength', 'byteOffset', 'buffer', 'slice', 'subarray'])
      Object.defineProperty(lying, name, { get: () => unreachable(`${name} is read`) });
    await runs(lying, HOST);
    is(inspect(lying).runs, true);
  });
});
