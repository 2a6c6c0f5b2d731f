import { compileAccessors } from '../../abi/index.ts';
import { builtModule } from '../../src/audit/node.ts';
import type { PolicyDenial, PolicyFile, PolicyGrant, PolicyLimits } from '../../src/given/policy-types.ts';
import { LIMITS as LIMIT_ROWS } from '../../src/limits.ts';
import { hexOfSha256 } from '../../src/module/source.ts';
import { type CreateError, createPlugin, type Manifest, type PluginOptions } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
const WASI = 'wasi_snapshot_preview1';

const LIB = buildModule({
  imports: [{ module: 'host', name: 'one' }],
  memoryPages: 1,
  functions: [{ name: 'use', body: ['call 0'] }],
});
const MAIN = buildModule({
  imports: [
    { module: 'lib', name: 'use' },
    { module: 'host', name: 'two' },
    { module: ENV, name: 'config_get', params: ['i64'], results: ['i64'] },
    { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
    { module: ENV, name: 'input_length', results: ['i64'] },
    { module: WASI, name: 'sched_yield', results: ['i32'] },
    { module: WASI, name: 'random_get', params: ['i32', 'i32'], results: ['i32'] },
  ],
  memoryPages: 1,
  functions: [{ name: 'run', body: ['call 0', 'call 1'] }],
});
const OTHER = buildModule({ functions: [{ name: 'run', body: [] }] });

const [LIB_HASH, MAIN_HASH, OTHER_HASH] = (await Promise.all(
  [LIB, MAIN, OTHER].map(bytes => hexOfSha256(webPlatform, bytes)),
)) as [string, string, string];

const MANIFEST: Manifest = {
  wasm: [
    { name: 'lib', data: LIB },
    { name: 'main', data: MAIN },
  ],
  config: { greeting: 'hello', name: 'you' },
  allowed_hosts: [],
};
const OPTIONS = (): PluginOptions => ({
  functions: { host: { one: () => {}, two: () => {} } },
  preopens: { '/data': new MemoryFs(), '/fixed': { fs: new MemoryFs(), readOnly: true } },
});

const because = { reason: 'a test' };
/** All that the plugin needs. */
const GRANTS: readonly PolicyGrant[] = [
  { hash: LIB_HASH, ...because },
  { hash: MAIN_HASH, ...because },
  { config: 'greeting', ...because },
  { config: 'name', ...because },
  { preopen: '/data', access: 'write', ...because },
  { preopen: '/fixed', ...because },
  { namespace: 'host', function: 'one', ...because },
  { namespace: 'host', function: 'two', ...because },
  { power: 'config', ...because },
  { power: 'http', ...because },
  { power: 'memory', ...because },
  { power: 'sleep', ...because },
  { power: 'random', ...because },
];

const policyOf = (grants: readonly PolicyGrant[], limits?: PolicyLimits): PolicyFile => ({
  version: 1,
  plugins: [{ name: 'plugin', grants: [...grants], ...(limits && { limits }) }],
});

type Denied = CreateError & { denials: readonly PolicyDenial[] };

async function denialsOf(make: () => Promise<unknown>): Promise<readonly PolicyDenial[]> {
  try {
    await make();
    return [];
  } catch (error) {
    ok('denials' in (error as Denied), `a PolicyError, not ${error}`);
    return (error as Denied).denials;
  }
}

const bare = ({ reason: _, ...grant }: PolicyGrant) => grant;

suite('policy', test => {
  test('a plugin whose policy grants all of its needs is made', async () => {
    const plugin = await createPlugin(MANIFEST, { ...OPTIONS(), policy: policyOf(GRANTS) });
    await plugin.call('run');
    is(plugin.report.sha256, MAIN_HASH);
    await plugin.close();
  });

  for (const [index, grant] of GRANTS.entries()) {
    test.row(
      'error.POLICY_DENIED',
      `without the grant ${JSON.stringify(bare(grant)).slice(0, 60)} there is one denial, which names it`,
      async () => {
        const policy = policyOf(GRANTS.toSpliced(index, 1));
        const text = JSON.stringify(policy, null, 2);
        const denials = await denialsOf(() => createPlugin(MANIFEST, { ...OPTIONS(), policy: text }));
        is(denials.length, 1);
        const [{ code, needs, at, plugin, message }] = denials as [PolicyDenial];
        equal(
          [code, needs, plugin],
          ['POLICY_DENIED', { ...(grant.preopen && { access: 'read' }), ...bare(grant) }, 'plugin'],
        );
        const line = text.split('\n').findIndex(row => row.includes('"grants"')) + 1;
        is(at, `plugboard.policy.json:${line}`);
        ok(message.startsWith(`${at}: plugin "plugin": `), message);
      },
    );
  }

  const cases: readonly [name: string, grant: PolicyGrant, manifest: Partial<Manifest>, denied: boolean][] = [
    ['the same host', { host: 'a.test', ...because }, { allowed_hosts: ['a.test'] }, false],
    ['another host', { host: 'a.test', ...because }, { allowed_hosts: ['b.test'] }, true],
    ['a host of a glob', { host: '*.a.test', ...because }, { allowed_hosts: ['x.a.test'] }, false],
    ['a narrower glob', { host: '*.a.test', ...because }, { allowed_hosts: ['*.x.a.test'] }, false],
    ['a wider glob', { host: '*.a.test', ...because }, { allowed_hosts: ['*a.test'] }, true],
    ['any host', { host: '*.test', ...because }, { allowed_hosts: ['*'] }, true],
    ['a character for a question mark', { host: '?.test', ...because }, { allowed_hosts: ['a.test'] }, false],
    ['a question mark for a character', { host: 'a.test', ...because }, { allowed_hosts: ['?.test'] }, true],
    ['a character of a class', { host: '[ab].test', ...because }, { allowed_hosts: ['b.test'] }, false],
    ['a character outside a class', { host: '[ab].test', ...because }, { allowed_hosts: ['c.test'] }, true],
    ['a class for a question mark', { host: '?.test', ...because }, { allowed_hosts: ['[ab].test'] }, false],
    ['a host in capitals', { host: 'A.test', ...because }, { allowed_hosts: ['a.TEST'] }, false],
  ];
  for (const [name, grant, manifest, isDenied] of cases) {
    test(`${name} is ${isDenied ? 'denied' : 'granted'}`, async () => {
      const make = () =>
        createPlugin(
          { wasm: [{ data: OTHER }], ...manifest },
          { policy: policyOf([{ hash: OTHER_HASH, ...because }, grant]) },
        );
      const denials = await denialsOf(make);
      equal(
        denials.map(({ needs }) => needs),
        isDenied ? [{ host: manifest.allowed_hosts![0] }] : [],
      );
    });
  }

  // Apart from the others: requests and folders of the host are not there on each runtime. A denial comes before either is used.
  const OUTSIDE: readonly [asked: Partial<Manifest>, grant: PolicyGrant][] = [
    [{ allowed_hosts: ['api.example.com'] }, { host: 'api.example.com', ...because }],
    [{ allowed_hosts: ['*.example.com'] }, { host: '*', ...because }],
    [{ allowed_paths: { '/srv/in': '/in' } }, { path: '/srv', access: 'write', ...because }],
    [{ allowed_paths: { 'ro:/srv/in': '/in' } }, { path: '/srv/in', ...because }],
  ];
  for (const [asked, grant] of OUTSIDE) {
    const title = JSON.stringify(asked);
    test.row('error.POLICY_DENIED', `${title} is denied without a grant, and not with one`, async () => {
      const make = (grants: readonly PolicyGrant[]) =>
        createPlugin({ ...MANIFEST, ...asked }, { ...OPTIONS(), policy: policyOf(grants) });
      const denials = await denialsOf(() => make(GRANTS));
      is(denials.length, 1);
      is(denials[0]!.code, 'POLICY_DENIED');
      ok(denials[0]!.message.includes(grant.host === undefined ? '/srv/in' : 'example.com'));
      const outcome = await make([...GRANTS, grant]).then(
        plugin => plugin.close(),
        (error: CreateError) => error.code,
      );
      ok(outcome !== 'POLICY_DENIED', 'the grant does not count');
    });
  }

  test('an ended grant is denied at its own line, and one that ends today holds', async () => {
    const grants = (until: string) => [{ hash: OTHER_HASH, until, ...because }];
    const now = () => Date.parse('2027-03-01T12:00:00Z');
    const make = (until: string) =>
      createPlugin(OTHER, {
        policy: { source: JSON.stringify(policyOf(grants(until)), null, 2), now },
      });
    await raises(() => make('2027-02-28'), {
      code: 'POLICY_DENIED',
      message: 'plugboard.policy.json:7: plugin "plugin": module "main": the grant of hash',
    });
    await (await make('2027-03-01')).close();
    await (await make('2027-03-01T12:00:01Z')).close();
  });

  test('audit refuses nothing, and reports each denial', async () => {
    const events: PolicyDenial[] = [];
    const policy = {
      source: policyOf([]),
      mode: 'audit' as const,
      onEvent: (event: PolicyDenial) => void events.push(event),
    };
    const plugin = await createPlugin(MANIFEST, { ...OPTIONS(), policy });
    await plugin.call('run');
    equal(
      events.map(({ needs }) => JSON.stringify(needs)).sort(),
      GRANTS.map(grant =>
        JSON.stringify({ ...bare(grant), ...(grant.preopen && { access: grant.access ?? 'read' }) }),
      ).sort(),
    );
    await plugin.close();
  });

  test('events without a receiver go to onDiagnostic', async () => {
    const codes: string[] = [];
    const plugin = await createPlugin(OTHER, {
      policy: { source: policyOf([]), mode: 'audit' },
      onDiagnostic: ({ code }) => void codes.push(code),
    });
    equal(codes, ['POLICY_DENIED']);
    await plugin.close();
  });

  test('allowUnreviewedBuilds admits another hash with an event, if its powers are granted', async () => {
    const events: PolicyDenial[] = [];
    const make = (grants: readonly PolicyGrant[]) =>
      createPlugin(MANIFEST, {
        ...OPTIONS(),
        policy: {
          source: policyOf(grants),
          allowUnreviewedBuilds: true,
          onEvent: event => void events.push(event),
        },
      });
    const without = GRANTS.filter(({ hash }) => hash !== MAIN_HASH);
    await (await make(without)).close();
    equal(
      events.map(({ needs }) => needs),
      [{ hash: MAIN_HASH }],
    );
    const denials = await denialsOf(() => make(without.filter(({ power }) => power !== 'http')));
    equal(
      denials.map(({ needs }) => needs),
      [{ power: 'http' }],
    );
  });

  test.row(
    'error.LOCK_UNVERIFIABLE',
    'a compiled module is unverifiable, unless a build tool noted its hash',
    async () => {
      if (!compileAccessors()) return;
      const policy = policyOf([{ hash: OTHER_HASH, ...because }]);
      await raises(() => createPlugin(new WebAssembly.Module(OTHER), { policy }), {
        code: 'LOCK_UNVERIFIABLE',
        message: 'module "main" came compiled, so its hash is not known',
      });
      for (const facts of [
        { sha256: OTHER_HASH, fileSha256: LIB_HASH },
        { sha256: LIB_HASH, fileSha256: OTHER_HASH },
      ]) {
        const plugin = await createPlugin(builtModule(new WebAssembly.Module(OTHER), facts), { policy });
        await plugin.close();
      }
      const noted = builtModule(new WebAssembly.Module(OTHER), { sha256: LIB_HASH, fileSha256: LIB_HASH });
      await raises(() => createPlugin(noted, { policy }), { code: 'POLICY_DENIED' });
    },
  );

  test('each of several plugins has its own grants', async () => {
    const policy: PolicyFile = {
      version: 1,
      plugins: [
        {
          name: 'other',
          grants: [
            { hash: OTHER_HASH, ...because },
            { host: 'a.test', ...because },
          ],
        },
        { name: 'plugin', grants: [...GRANTS] },
      ],
    };
    await (await createPlugin(MANIFEST, { ...OPTIONS(), policy })).close();
    const manifest = { wasm: [{ data: OTHER }], allowed_hosts: ['a.test'] };
    await (await createPlugin(manifest, { policy })).close();
    const asPlugin = { source: policy, plugin: 'plugin' };
    const denials = await denialsOf(() => createPlugin(manifest, { policy: asPlugin }));
    equal(
      denials.map(({ needs }) => needs),
      [{ hash: OTHER_HASH }, { host: 'a.test' }],
    );
  });

  const LIMITS: readonly [keyof PolicyLimits, PluginOptions][] = [
    ['timeoutMs', { timeoutMs: 1000, timeoutBy: 'worker' }],
    ['maxPages', { memory: { maxPages: 1000 } }],
    ['max_pages', { memory: { max_pages: 1000 } }],
    ['maxVarBytes', { memory: { maxVarBytes: 1000 } }],
    ['maxHttpResponseBytes', { memory: { maxHttpResponseBytes: 1000 } }],
    ...(
      [
        'fuel',
        'memoryPages',
        'hostCalls',
        'httpRequests',
        'httpBytes',
        'logBytes',
        'varWrites',
        'outputBytes',
      ] as const
    ).map((name): [keyof PolicyLimits, PluginOptions] => [name, { limits: { [name]: 1000 } }]),
  ];
  for (const [name, options] of LIMITS) {
    test(`${name}: a limit above that of the policy is denied; a limit taken out means its default`, async () => {
      const make = (limits?: PolicyLimits) =>
        createPlugin(OTHER, { ...options, policy: policyOf([{ hash: OTHER_HASH, ...because }], limits) });
      equal(await denialsOf(() => make({ [name]: 999 })).then(all => all.map(({ needs }) => needs)), [
        { limits: { [name]: 1000 } },
      ]);
      for (const limits of [{ [name]: 1000 }, undefined]) {
        // Not each runtime has workers, or changes code.
        const outcome = await make(limits).then(
          plugin => plugin.close(),
          ({ code }: CreateError) => code,
        );
        ok(outcome === undefined || outcome === 'UNSUPPORTED', String(outcome));
      }
    });
  }

  for (const [name, most] of [
    ['maxVarBytes', LIMIT_ROWS.varBytes.default],
    ['maxHttpResponseBytes', LIMIT_ROWS.httpResponseBytes.default],
  ] as const) {
    test(`${name}: more than the default is denied unless the policy allows it`, async () => {
      const make = (value: number, limits?: PolicyLimits) =>
        createPlugin(OTHER, {
          memory: { [name]: value },
          policy: policyOf([{ hash: OTHER_HASH, ...because }], limits),
        });
      const denials = await denialsOf(() => make(most + 1));
      equal(
        denials.map(({ needs }) => needs),
        [{ limits: { [name]: most + 1 } }],
      );
      await (await make(most)).close();
      await (await make(most + 1, { [name]: most + 1 })).close();
    });
  }

  test('a limit of the policy holds where none is given', async () => {
    const wasm = buildModule({
      imports: [{ module: 'host', name: 'f' }],
      functions: [{ name: 'run', body: ['call 0', 'call 0'] }],
    });
    const hash = await hexOfSha256(webPlatform, wasm);
    const grants = [
      { hash, ...because },
      { namespace: 'host', function: 'f', ...because },
    ];
    const make = (limits?: PolicyLimits) =>
      createPlugin(wasm, {
        functions: {
          host: {
            f: (context: { setVariable(name: string, value: Uint8Array): void }) =>
              context.setVariable('k', new Uint8Array(2000)),
          },
        },
        policy: policyOf(grants, limits),
      });
    const fine = await make();
    await fine.call('run');
    await raises(async () => (await make({ hostCalls: 1 })).call('run'), { code: 'BUDGET_EXCEEDED' });
    await raises(async () => (await make({ maxVarBytes: 1000 })).call('run'), {
      code: 'HOST_FUNCTION_FAILED',
    });
  });

  test('nothing of a module that is denied runs or is compiled', async () => {
    const broken = new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 9, 9, 9]);
    await raises(() => createPlugin(broken, { policy: policyOf([]) }), { code: 'POLICY_DENIED' });
  });
});
