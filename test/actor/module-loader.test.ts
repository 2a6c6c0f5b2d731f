import { outlineOf, outlineOfOwn } from '../../src/actor/engine/outline.ts';
import {
  type ActorModule,
  Message,
  type ModuleError,
  ModuleLoader,
  type Packet,
  ScriptActor,
} from '../../src/actor/index.ts';
import { writeText } from '../../src/actor/json/writer.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { Plugin } from '../../src/plugin.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA, RESULT } from './answering.ts';

const keeper = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm') as Uint8Array<ArrayBuffer>;
const answer = (version: string) =>
  answering({
    process: `{"outputs":{"version":{"type":"String","data":"${version}"}}}`,
    get_metadata: METADATA,
    get_version: `"${version}"`,
  });
const versionOf = async (actor: ScriptActor) => (await actor.process({}))[0]?.version?.data;

suite('ModuleLoader', test => {
  const platform = {
    ...webPlatform,
    readFile: async (path: string) => {
      if (path === 'actor.wasm') return answer('file');
      throw new Error('there is no such file');
    },
    fetch: async (input: Parameters<typeof fetch>[0]) =>
      String(input).endsWith('/actor.wasm')
        ? new Response(answer('url'))
        : new Response('gone', { status: 404, statusText: 'Not Found' }),
  };

  test('loads from bytes, a buffer, a module, a file and URLs, and makes actors of them', async () => {
    const loader = new ModuleLoader({ platform, stderr: () => {} });
    const bytes = answer('bytes');
    await loader.load('bytes', bytes);
    await loader.load('buffer', answer('buffer').buffer);
    await loader.load('module', await WebAssembly.compile(answer('module')));
    await loader.load('file', 'actor.wasm');
    await loader.load('url', new URL('http://host.test/actor.wasm'));
    await loader.load('text', 'http://host.test/actor.wasm');
    equal(loader.names, ['bytes', 'buffer', 'module', 'file', 'url', 'text']);
    bytes.fill(0);
    for (const name of loader.names) {
      const version = name === 'text' ? 'url' : name;
      is(loader.get(name)?.version, version);
      is(loader.get(name)?.metadata?.component, 'X');
      is(loader.get(name)?.sha256 === null, name === 'module');
      const actor = await loader.createActor(name);
      is(await versionOf(actor), version);
      await actor.stop();
    }
    is(loader.remove('bytes'), true);
    is(loader.remove('bytes'), false);
    is(loader.get('bytes'), undefined);
  });

  test.row('error.UNKNOWN_MODULE', 'a name that is not registered is refused', async () => {
    const loader = new ModuleLoader();
    await raises(() => loader.createActor('x'), {
      code: 'UNKNOWN_MODULE',
      message: 'no module is registered as "x"; there are none',
    });
    await raises(() => loader.reload('x', keeper()), { code: 'UNKNOWN_MODULE' });
  });

  test('a module that cannot be loaded is an error, and the registered module of that name stays', async () => {
    const loader = new ModuleLoader({ platform });
    const old = await loader.load('a', keeper());
    for (const [source, code, message] of [
      [Uint8Array.of(1), 'INVALID_WASM', ''],
      ['missing.wasm', 'SOURCE_UNAVAILABLE', 'missing.wasm: there is no such file'],
      ['http://host.test/x', 'SOURCE_UNAVAILABLE', 'http://host.test/x: HTTP status 404 Not Found'],
      [
        'http://user:password@host.test/x',
        'SOURCE_UNAVAILABLE',
        'http://host.test/x: HTTP status 404 Not Found',
      ],
      [
        'http://host.test/x?token=secret',
        'SOURCE_UNAVAILABLE',
        'http://host.test/x?...: HTTP status 404 Not Found',
      ],
      ['{"wasm":[]}', 'INVALID_CONFIG', 'module: expected bytes, a WebAssembly.Module, a path or a URL'],
      [5, 'INVALID_CONFIG', 'got 5'],
    ] as const) {
      await raises(() => loader.load('a', source as string), { code, message });
      await raises(() => loader.reload('a', source as string), { code, message });
    }
    is(loader.get('a'), old);
    const without = new ModuleLoader({ platform: { ...webPlatform, baseUrl: () => undefined } });
    await raises(() => without.load('a', 'actor.wasm'), {
      code: 'SOURCE_UNAVAILABLE',
      message: 'there are no files here',
    });
    const own = new ModuleLoader({ readFile: async path => answer(path) });
    is((await own.load('a', 'own.wasm')).version, 'own.wasm');
  });

  test('in a page a relative URL is a source', async () => {
    const { readFile: _, ...page } = { ...platform, baseUrl: () => 'https://a.test/dir/' };
    const loader = new ModuleLoader({ platform: page });
    for (const path of ['/actor.wasm', './actor.wasm', 'x/actor.wasm'])
      is((await loader.load('a', path)).version, 'url');
  });

  test('without crypto.subtle only a hash is refused', async () => {
    const sha256 = () => Promise.reject(new Error('no crypto.subtle here'));
    const loader = new ModuleLoader({ platform: { ...platform, sha256 } });
    is((await loader.load('a', answer('a'))).sha256, null);
    is((await loader.load('b', answer('b'))).version, 'b');
    is((await loader.reload('a', answer('c'))).version, 'c');
    const options = { sha256: '0'.repeat(64) };
    await raises(() => loader.load('a', answer('a'), options), {
      code: 'UNSUPPORTED',
      message: 'no crypto.subtle here',
    });
  });

  test('bytes with another SHA-256 than the expected one are refused', async () => {
    const loader = new ModuleLoader();
    const { sha256 } = await loader.load('a', keeper());
    await loader.load('a', keeper(), { sha256: sha256!.toUpperCase() });
    await raises(() => loader.load('a', answer('1'), { sha256: sha256! }), {
      code: 'HASH_MISMATCH',
      message: `expected the SHA-256 ${sha256}, but the bytes have `,
    });
    const module = await WebAssembly.compile(answer('module'));
    await raises(() => loader.load('a', module, { sha256: sha256! }), { code: 'HASH_MISMATCH' });
  });

  test('bytes that are registered already are not validated again', async () => {
    let made = 0;
    const wasm = answering(
      { process: RESULT, get_metadata: METADATA, _initialize: '' },
      { _initialize: ['made'] },
    );
    const loader = new ModuleLoader({ functions: { 'extism:host/user': { made: () => void made++ } } });
    const one = await loader.load('one', wasm);
    const two = await loader.load('two', wasm.slice());
    is(made, 1);
    is(one.source, two.source);
    equal([one.name, two.name], ['one', 'two']);
    await loader.load('two', wasm, { entryPoint: 'get_metadata' });
    is(made, 2);
  });

  test('actors of one module with equal options ask for its metadata once, and each has a copy', async () => {
    const { callLater } = Plugin.prototype;
    let asked = 0;
    Plugin.prototype.callLater = function (name, ...rest) {
      if (name === 'get_metadata') asked++;
      return callLater.call(this, name, ...rest);
    };
    try {
      const loader = new ModuleLoader();
      const metadata =
        '{"component":"X","inports":[{"name":"in"}],"config_schema":{"x":[1.0,{"__proto__":2}]}}';
      const wasm = answering({ process: RESULT, get_metadata: metadata, get_version: '"1"' });
      const module = await loader.load('a', wasm);
      module.metadata!.component = 'changed';
      const [one, two] = (await Promise.all([1, 2].map(() => loader.createActor('a')))) as [
        ScriptActor,
        ScriptActor,
      ];
      is(asked, 1);
      equal([two.version, (await two.metadata()).component], ['1', 'X']);
      const schemas = [one, two].map(async actor => writeText((await actor.metadata()).config_schema, []));
      equal(await Promise.all(schemas), Array(2).fill('{"x":[1.0,{"__proto__":2}]}'));
      (await one.metadata()).inports[0]!.name = 'changed';
      is((await two.metadata()).inports[0]!.name, 'in');
      for (const options of [{ timeoutMs: 9000 }, { functions: { env: {} } }, { functions: { env: {} } }])
        await loader.createActor('a', options);
      is(asked, 4);
    } finally {
      Plugin.prototype.callLater = callLater;
    }
  });

  test('who changes the bytes of a module changes no actor of it, not even one that is made anew', async () => {
    const loader = new ModuleLoader();
    const { source } = await loader.load('a', answer('1'));
    const actor = await loader.createActor('a');
    (source as Uint8Array).fill(0);
    await actor.dropInstance();
    is(actor.version, '1');
    is((await loader.createActor('a')).version, '1');
    const given = answer('2');
    const other = await ScriptActor.create({ source: given });
    given.fill(0);
    await other.dropInstance();
    is(await versionOf(other), '2');
  });

  test('modules that lie in one buffer have an outline each', () => {
    const [one, other] = [keeper(), answer('1')];
    const both = new Uint8Array(one.length + other.length);
    both.set(one);
    both.set(other, one.length);
    const outlines = [both.subarray(0, one.length), both.subarray(one.length)].map(outlineOfOwn);
    equal(outlines, [one, other].map(outlineOf));
    ok(outlines[0]!.initialPages !== outlines[1]!.initialPages);
  });

  test.row('module.TooLarge', 'a download without end is aborted at the limit', async () => {
    let sent = 0;
    let isCancelled = false;
    const endless = () =>
      new ReadableStream({
        pull: controller => {
          sent++;
          controller.enqueue(new Uint8Array(1000));
        },
        cancel: () => {
          isCancelled = true;
        },
      });
    const loader = new ModuleLoader({
      platform: { ...platform, fetch: async () => new Response(endless()) },
      limits: { moduleBytes: 10_000 },
    });
    const error = await raises(() => loader.load('a', 'http://host.test/'), {
      code: 'MODULE_TOO_LARGE',
      message: 'the module has 11000 bytes, over the limit of 10000',
    });
    is((error as ModuleError).kind, 'TooLarge');
    ok(isCancelled && sent < 20, String(sent));
    await raises(() => loader.load('a', new Uint8Array(10_001)), { code: 'MODULE_TOO_LARGE' });
    const reading = { ...platform, readFile: async () => new Uint8Array(10_001) };
    const files = new ModuleLoader({ platform: reading, limits: { moduleBytes: 10_000 } });
    await raises(() => files.load('a', 'x.wasm'), { code: 'MODULE_TOO_LARGE' });
  });

  test.row('upstream.23', 'reload swaps the module in all of its actors, with their state', async () => {
    const loader = new ModuleLoader({ stderr: () => {} });
    await loader.load('a', keeper());
    const actors = [
      await loader.createActor('a', { state: { n: 1 } }),
      await loader.createActor('a', { state: { n: 2 } }),
    ];
    const gone = await loader.createActor('a');
    await gone.stop();
    const other = await ScriptActor.create({ source: keeper() }, { stderr: () => {} });
    await loader.reload('a', answer('2'));
    is(loader.get('a')?.version, '2');
    for (const [index, actor] of actors.entries()) {
      equal([await versionOf(actor), actor.state], ['2', { n: index + 1 }]);
    }
    is(await versionOf(await loader.createActor('a')), '2');
    is(await versionOf(other), undefined);
  });

  test.row(
    'upstream.23',
    'when one actor refuses the new module, all actors go on with the old one',
    async () => {
      const loader = new ModuleLoader({ stderr: () => {} });
      await loader.load('a', keeper());
      const lenient = await loader.createActor('a');
      const strict = await loader.createActor('a', { awaitAllInports: true });
      await raises(() => loader.reload('a', answer('2')), {
        code: 'UNSUPPORTED',
        message: 'awaitAllInports',
      });
      is(loader.get('a')?.version, null);
      const packet: Packet = { in: Message.flow() };
      for (const actor of [lenient, strict]) equal(await actor.process(packet), [packet]);
      await raises(() => loader.reload('a', buildModule({})), { code: 'FUNCTION_NOT_FOUND' });
      for (const actor of [lenient, strict]) equal(await actor.process(packet), [packet]);
    },
  );

  test('watch reloads a changed file, keeps the old module for a bad one, and can be ended', async () => {
    let file = answer('0');
    const watchers = new Map<string, () => void>();
    const watching = {
      ...platform,
      readFile: async () => file,
      watchFile: (path: string, onChange: () => void) => {
        watchers.set(path, onChange);
        return () => void watchers.delete(path);
      },
    };
    const loader = new ModuleLoader({ platform: watching, stderr: () => {} });
    await loader.load('a', 'a.wasm');
    const actor = await loader.createActor('a');
    let tell: (outcome: ActorModule | Error) => void = () => {};
    const end = loader.watch('a', 'a.wasm', outcome => tell(outcome));
    const steps = [
      { bytes: answer('1'), version: '1', code: undefined },
      { bytes: answer('2').slice(0, 50), version: '1', code: 'INVALID_WASM' },
      { bytes: answer('2'), version: '2', code: undefined },
    ];
    for (const { bytes, version, code } of steps) {
      const told = new Promise<ActorModule | Error>(resolve => {
        tell = resolve;
      });
      file = bytes;
      watchers.get('a.wasm')!();
      const outcome = await told;
      is('code' in outcome ? outcome.code : undefined, code);
      if (!(outcome instanceof Error)) is(outcome, loader.get('a'));
      equal([await versionOf(actor), loader.get('a')?.version], [version, version]);
    }
    end();
    is(watchers.size, 0);
    await actor.stop();
  });

  const wrongWatches: [name: string, args: unknown[], code: string, message: string][] = [
    ['an unknown module', ['b', 'a.wasm', () => {}], 'UNKNOWN_MODULE', 'no module is registered as "b"'],
    [
      'no path',
      ['a', undefined, () => {}],
      'INVALID_CONFIG',
      'watch: path: expected a string, got undefined',
    ],
    ['no listener', ['a', 'a.wasm'], 'INVALID_CONFIG', 'watch: listener: expected a function, got undefined'],
    ...['https://a.test/a.wasm', 'HTTP://a.test/a.wasm', 'data:application/wasm,', 'blob:x'].map(
      (url): [string, unknown[], string, string] => [
        `the URL ${url}`,
        ['a', url, () => {}],
        'INVALID_CONFIG',
        `watch: path: expected the path of a file, got the URL "${url}"`,
      ],
    ),
    ['a platform without files', ['a', 'a.wasm', () => {}], 'UNSUPPORTED', 'watch: no files can be watched'],
  ];
  for (const [name, args, code, message] of wrongWatches) {
    test(`watch refuses ${name}`, async () => {
      const loader = new ModuleLoader({ platform: webPlatform });
      await loader.load('a', answer('0'));
      await raises(() => loader.watch(...(args as Parameters<ModuleLoader['watch']>)), { code, message });
    });
  }

  test('reloads that are called at once run one after the other', async () => {
    const loader = new ModuleLoader();
    await loader.load('a', answer('0'));
    const actor = await loader.createActor('a');
    await Promise.all(['1', '2', '3'].map(version => loader.reload('a', answer(version))));
    equal([await versionOf(actor), loader.get('a')?.version], ['3', '3']);
    await actor.stop();
  });
});
