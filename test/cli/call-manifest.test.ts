import { readPath } from '../../src/cli/access.ts';
import {
  type ManifestValues,
  manifestOfFlags,
  mergeManifests,
  readManifest,
} from '../../src/cli/call-manifest.ts';
import { equal, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const NONE: ManifestValues = {
  manifest: false,
  link: [],
  config: [],
  'set-config': undefined,
  'allow-path': [],
  'allow-host': [],
  'enable-http-response-headers': false,
  policy: undefined,
  timeout: undefined,
  'memory-max': undefined,
  'var-max': undefined,
  'http-response-max': undefined,
};

interface Case {
  name: string;
  /** Default: p.wasm. */
  plugin?: string;
  values?: Partial<ManifestValues>;
  /** Content of the manifest file; default: there is no manifest file. */
  file?: Record<string, unknown>;
  /** The expected manifest. Default of `wasm`: the plugin alone. */
  manifest: Record<string, unknown>;
}

const wasm = [{ path: 'a.wasm' }];

const cases: Case[] = [
  { name: 'a plugin alone', manifest: {} },
  ...[
    'http://x/p.wasm',
    'https://x/p.wasm?v=1',
    'file:///p.wasm',
    'data:application/wasm;base64,AGFzbQ==',
  ].map(url => ({ name: `the plugin ${url}`, plugin: url, manifest: { wasm: [{ url }] } })),
  { name: 'a path with a drive', plugin: 'C:\\p.wasm', manifest: { wasm: [{ path: 'C:\\p.wasm' }] } },
  { name: 'a path that looks like a URL', plugin: 'http:', manifest: { wasm: [{ path: 'http:' }] } },
  {
    name: 'linked modules, with a given name or the name of the file, before the plugin',
    values: {
      link: ['math=lib/add.wasm', 'lib/text.v2.wasm', 'net=https://x/n.wasm?a=b', 'https://x/u.wasm?a=b'],
    },
    manifest: {
      wasm: [
        { name: 'math', path: 'lib/add.wasm' },
        { name: 'text.v2', path: 'lib/text.v2.wasm' },
        { name: 'net', url: 'https://x/n.wasm?a=b' },
        { name: 'u', url: 'https://x/u.wasm?a=b' },
        { path: 'p.wasm' },
      ],
    },
  },
  {
    name: 'a path of which a part follows an equals sign',
    values: { link: ['a=b=c.wasm'] },
    manifest: { wasm: [{ name: 'a', path: 'b=c.wasm' }, { path: 'p.wasm' }] },
  },
  {
    name: 'config, of which --config wins over --set-config, and the last of its own',
    values: { config: ['a=1', 'b=x=y', 'a=', '__proto__=p'], 'set-config': '{"a": "0", "c": "3"}' },
    manifest: {
      config: Object.fromEntries([
        ['a', ''],
        ['c', '3'],
        ['b', 'x=y'],
        ['__proto__', 'p'],
      ]),
    },
  },
  {
    name: 'paths, read only where three parts begin with ro',
    values: { 'allow-path': ['data', 'tmp:/t', 'a:b:c', 'ro:lib:/lib', 'ro:/folder', 'end:'] },
    manifest: {
      allowed_paths: { data: 'data', tmp: '/t', a: 'b:c', 'ro:lib': '/lib', ro: '/folder', end: 'end' },
    },
  },
  {
    name: 'hosts',
    values: { 'allow-host': ['a.com', '*.b.com'] },
    manifest: { allowed_hosts: ['a.com', '*.b.com'] },
  },
  {
    name: 'limits',
    values: { timeout: 5, 'memory-max': 6, 'var-max': 7, 'http-response-max': 8 },
    manifest: { timeout_ms: 5, memory: { max_pages: 6, max_var_bytes: 7, max_http_response_bytes: 8 } },
  },
  {
    name: 'limits of 0: no time-out and no limit of pages, but no variables and no response',
    values: { timeout: 0, 'memory-max': 0, 'var-max': 0, 'http-response-max': 0 },
    manifest: { memory: { max_var_bytes: 0, max_http_response_bytes: 0 } },
  },
  {
    name: 'a manifest file alone, as it is',
    file: { wasm, allowedHosts: ['a.com'], config: null, memory: { maxPages: 3 }, timeoutMs: 4, zzz: 1 },
    manifest: { wasm, allowedHosts: ['a.com'], config: null, memory: { maxPages: 3 }, timeoutMs: 4, zzz: 1 },
  },
  {
    name: 'all flags on top of a manifest file',
    values: {
      link: ['l=l.wasm'],
      config: ['a=flag', 'b=flag'],
      'allow-path': ['/x:/flag', '/y:/flag'],
      'allow-host': ['flag'],
      timeout: 1,
      'memory-max': 2,
    },
    file: {
      wasm,
      config: { a: 'file', c: 'file' },
      allowed_paths: { '/x': '/file', '/z': '/file' },
      allowed_hosts: ['file'],
      timeout_ms: 9,
      memory: { max_pages: 9, max_var_bytes: 9 },
    },
    manifest: {
      wasm: [{ name: 'l', path: 'l.wasm' }, ...wasm],
      config: { a: 'flag', c: 'file', b: 'flag' },
      allowed_paths: { '/x': '/flag', '/z': '/file', '/y': '/flag' },
      allowed_hosts: ['file', 'flag'],
      timeout_ms: 1,
      memory: { max_pages: 2, max_var_bytes: 9 },
    },
  },
  {
    name: 'limits of 0 on top of a manifest file, which keeps its own',
    values: { timeout: 0, 'memory-max': 0 },
    file: { wasm, timeout_ms: 9, memory: { max_pages: 9 } },
    manifest: { wasm, timeout_ms: 9, memory: { max_pages: 9 } },
  },
  {
    name: 'flags on top of nulls in a manifest file',
    values: { config: ['a=1'], 'allow-host': ['h'], 'var-max': 1, timeout: 1 },
    file: { wasm, config: null, allowed_hosts: null, memory: null, timeout_ms: null },
    manifest: { wasm, config: { a: '1' }, allowed_hosts: ['h'], memory: { max_var_bytes: 1 }, timeout_ms: 1 },
  },
  {
    name: 'wrong values in a manifest file, which createPlugin refuses later',
    values: { link: ['l=l.wasm'], config: ['a=1'], 'allow-path': ['p'], 'allow-host': ['h'], 'var-max': 1 },
    file: { wasm: 1, config: 2, allowed_paths: [3], allowed_hosts: '4', memory: 'five' },
    manifest: { wasm: 1, config: 2, allowed_paths: [3], allowed_hosts: '4', memory: 'five' },
  },
];

const badFiles: { name: string; text: string | Uint8Array; message: RegExp }[] = [
  {
    name: 'TOML',
    text: '[[wasm]]\npath = "a.wasm"\n',
    message: /^m: a manifest is JSON here, TOML is not read: /,
  },
  { name: 'an array', text: '[]', message: /^m: .*: expected an object$/ },
  {
    name: 'a key that stands twice',
    text: '{"wasm":[],"memory":{"max_pages":1,"max_pages":2}}',
    message: /^m: manifest\.memory\.max_pages: stands twice$/,
  },
  { name: 'nothing', text: '', message: /^m: a manifest is JSON here/ },
  { name: 'no UTF-8', text: Uint8Array.of(0x7b, 0xff), message: /^m: .* is not UTF-8: .* at byte 1 of 2$/ },
];

suite('cli call manifest', test => {
  for (const { name, plugin = 'p.wasm', values, file, manifest } of cases) {
    test(name, () => {
      const flags = manifestOfFlags(plugin, { ...NONE, ...values, manifest: file !== undefined });
      const expected = { wasm: [{ path: plugin }], ...manifest };
      equal(mergeManifests(file ?? {}, flags), expected);
    });
  }

  for (const { name, text, message } of badFiles) {
    test(`a manifest file with ${name} is refused`, async () => {
      const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
      await raises(() => readManifest('m', bytes), { code: 'FILE', message });
    });
  }
});

suite('cli: paths of Windows', test => {
  const rows: readonly [text: string, host: string, guest: string][] = [
    ['C:\\data:/guest', 'C:\\data', '/guest'],
    ['ro:C:\\data:/guest', 'ro:C:\\data', '/guest'],
    ['C:\\data', 'C:\\data', 'C:\\data'],
    ['ro:D:/data', 'ro', 'D:/data'],
    ['\\\\server\\share:/guest', '\\\\server\\share', '/guest'],
  ];
  for (const [text, hostPath, guest] of rows) {
    test(`--allow-path ${text}`, () => equal(readPath(text, 'win32'), [hostPath, guest]));
  }
});
