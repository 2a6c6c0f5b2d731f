import {
  ActorConfig,
  Float,
  type GraphNode,
  Message,
  type NodeOptions,
  ScriptActor,
} from '../../src/actor/index.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const node = (metadata?: GraphNode['metadata']): GraphNode => ({ id: 'n1', component: 'Counter', metadata });
const environment = { HOME: '/root', EMPTY: '', TOKEN: 's3cret' };

suite('a node of a graph', test => {
  test('its metadata is the config', () => {
    const empty = { node_id: 'n1', component: 'Counter', resolved_env: {}, config: {}, namespace: null };
    equal(ActorConfig.fromNode(node()), empty);
    equal(ActorConfig.fromNode(node(null)), empty);
    equal(ActorConfig.fromNode({ ...node(), scriptRuntime: 'Extism' }, { namespace: 'data' }), {
      ...empty,
      namespace: 'data',
    });
    const metadata = { factor: new Float(3), big: 2n ** 60n, ['__proto__']: 1 };
    equal(Object.entries(ActorConfig.fromNode(node(metadata)).config), Object.entries(metadata));
  });

  const resolved: [requirement: unknown, name: string, value: string | undefined, why: string][] = [
    ['required', 'HOME', '/root', 'set'],
    ['required', 'EMPTY', '', 'an empty string counts as set'],
    ['required: the home folder', 'HOME', '/root', 'text after required is ignored'],
    [true, 'HOME', '/root', 'a requirement that is not a string means required'],
    ['optional:x', 'HOME', '/root', 'the environment wins over the default'],
    ['optional:a:b', 'MISSING', 'a:b', 'a default may have colons'],
    ['optional:', 'MISSING', '', 'a default may be empty'],
    ['optional', 'MISSING', undefined, 'left out'],
    ['whatever', 'MISSING', undefined, 'left out'],
    ['optional', 'toString', undefined, 'own variables only'],
  ];
  for (const [requirement, name, value, why] of resolved) {
    test(`${JSON.stringify(requirement)} of ${name}: ${why}`, () => {
      const metadata = { [name]: 'shadowed', env_vars: { [name]: requirement as string } };
      const { config, resolved_env } = ActorConfig.fromNode(node(metadata), { environment });
      equal(resolved_env, value === undefined ? {} : { [name]: value });
      equal(config, { ...metadata, [name]: value ?? 'shadowed' });
    });
  }

  const refused: [node: unknown, options: NodeOptions, code: string, message: string][] = [
    [
      node({ env_vars: { MISSING: 'required' } }),
      { environment },
      'ENV_MISSING',
      'Missing required environment variable: MISSING',
    ],
    [
      node({ env_vars: { HOME: 'required' } }),
      {},
      'ENV_MISSING',
      'Missing required environment variable: HOME',
    ],
    [
      node({ env_vars: { HOME: 'required' } }),
      { environment: { HOME: 'a\ud800' } },
      'INVALID_CONFIG',
      'Invalid environment variable value for HOME: Invalid UTF-8',
    ],
    [null, {}, 'INVALID_CONFIG', 'node: expected an object, got null'],
    [{ component: 'c' }, {}, 'INVALID_CONFIG', 'node.id: expected a string, got undefined'],
    [{ id: 'n' }, {}, 'INVALID_CONFIG', 'node.component: expected a string'],
    [
      { id: 'n', component: 'c', metadata: [] },
      {},
      'INVALID_CONFIG',
      'node.metadata: expected an object or null',
    ],
    [node({ a: Number.NaN }), {}, 'JSON_VALUE', 'node.metadata.a: NaN is not JSON'],
  ];
  for (const [given, options, code, message] of refused) {
    test.row(`error.${code}`, `refused: ${message}`, async () => {
      await raises(() => ActorConfig.fromNode(given as GraphNode, options), { code, message });
    });
  }

  test.row(
    ['upstream.24', 'error.ENV_MISSING'],
    'variables that are not allowed count as not set',
    async () => {
      const asking = (requirement: string) => node({ env_vars: { HOME: 'required', TOKEN: requirement } });
      const options = { environment, allowedEnv: ['HOME'] };
      equal(ActorConfig.fromNode(asking('optional:none'), options).resolved_env, {
        HOME: '/root',
        TOKEN: 'none',
      });
      equal(ActorConfig.fromNode(asking('required'), { environment }).config.TOKEN, 's3cret');
      await raises(() => ActorConfig.fromNode(asking('required'), options), {
        code: 'ENV_MISSING',
        message: 'Missing required environment variable: TOKEN (not one of allowedEnv)',
      });
    },
  );

  test('an env_vars that is not an object is ignored', () => {
    for (const env_vars of [null, [], 'HOME', new Float(1)]) {
      equal(ActorConfig.fromNode(node({ env_vars }), { environment }).resolved_env, {});
    }
  });
});

suite('helpers of ActorConfig', test => {
  const config = ActorConfig.fromNode(
    node({
      text: 'hello',
      whole: 3,
      float: new Float(3),
      big: 2n ** 60n,
      huge: 2n ** 70n,
      half: 0.5,
      yes: true,
      nothing: null,
      env_vars: { HOME: 'required' },
    }),
    { environment },
  );
  const all = ['getString', 'getNumber', 'getInteger', 'getBool', 'getEnv', 'getConfigOrEnv'] as const;
  const rows: [key: string, answers: Partial<Record<(typeof all)[number], unknown>>][] = [
    ['text', { getString: 'hello', getConfigOrEnv: 'hello' }],
    ['whole', { getNumber: 3, getInteger: 3 }],
    ['float', { getNumber: 3 }],
    ['big', { getNumber: 2 ** 60, getInteger: 2n ** 60n }],
    ['huge', { getNumber: 2 ** 70 }],
    ['half', { getNumber: 0.5 }],
    ['yes', { getBool: true }],
    ['nothing', {}],
    ['missing', {}],
    ['toString', {}],
    ['HOME', { getString: '/root', getEnv: '/root', getConfigOrEnv: '/root' }],
  ];
  for (const [key, answers] of rows) {
    test(key, () => {
      for (const name of all) is(ActorConfig[name](config, key), answers[name] ?? null, name);
    });
  }
});

suite('an actor for a node', test => {
  const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');

  test('reads its config, and has the limits of its metadata', async () => {
    const create = (metadata: GraphNode['metadata'], platform = webPlatform) => {
      const options = { node: node(metadata), environment, allowedEnv: ['HOME'], platform };
      return ScriptActor.create({ source: source() }, options);
    };
    const actor = await create({ memory_limit_mb: 64, env_vars: { HOME: 'required' } });
    const [packet] = await actor.process({ 'do:config': Message.string('HOME') });
    equal(packet?.config?.data, {
      string: '/root',
      number: null,
      integer: null,
      bool: null,
      env: '/root',
      config_or_env: '/root',
    });
    await actor.stop();
    await raises(() => create({ memory_limit_mb: 101 }), {
      code: 'INVALID_CONFIG',
      message: 'at most 100 MiB',
    });
    await raises(() => create({ memory_limit_mb: 'much' }), {
      code: 'INVALID_CONFIG',
      message: 'MiB, 1 or more, got a string',
    });
    const workerless = { ...webPlatform, lacksWorkers: () => 'there are none' };
    const bounded = await create({ timeout_ms: 30000 }, workerless);
    equal((await bounded.process({ 'do:config': Message.string('HOME') })).length, 1);
    await bounded.stop();
    await raises(() => create({ env_vars: { TOKEN: 'required' } }), { code: 'ENV_MISSING' });
  });
});
