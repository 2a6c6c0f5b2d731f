import { section, text, unsigned, vector, WASM_HEADER } from '../../abi/encode.ts';
import type { CreateErrorCode } from '../../src/error-codes.ts';
import { toBase64 } from '../../src/values/base64.ts';
import { buildModule } from '../helpers/build-module.ts';

// Files that nobody should trust: each has a row of its own. test/fuzz/policy.ts and test/fuzz/audit.ts make more at random.

/** The name of a file, its text, and the code of its error; `read` for one that is read. */
export type TextRow = readonly [name: string, text: string, code: CreateErrorCode | 'read'];

const HASH = '0123456789abcdef'.repeat(4);
const json = (value: unknown) => JSON.stringify(value);
/** A text in which JSON.stringify would leave the key out, or write another number. */
const raw = (key: string, value: string, rest: object) => `{"${key}":${value},${json(rest).slice(1)}`;

const wrong = (rows: readonly (readonly [string, string])[]): TextRow[] =>
  rows.map(([name, text]) => [name, text, 'INVALID_POLICY']);

const PLUGINS = { plugins: [] };
const EMPTY = { version: 1, ...PLUGINS };
const withPlugin = (plugin: unknown) => json({ version: 1, plugins: [plugin] });
const withGrant = (grant: unknown) => withPlugin({ name: 'a', grants: [grant] });
const granting = (grant: object) => withGrant({ reason: 'r', ...grant });
const withLimits = (limits: unknown) => withPlugin({ name: 'a', grants: [], limits });
const nested = (levels: number, inner: string) =>
  `${`{"${'k'.repeat(59)}":`.repeat(levels)}${inner}${'}'.repeat(levels)}`;

/** Faults that a text of JSON may have, whichever data it should hold. */
const ANY_TEXT: readonly (readonly [string, string])[] = [
  ['no text', ''],
  ['a space', ' '],
  ['null', 'null'],
  ['a number', '1'],
  ['a string', '"x"'],
  ['a list', '[]'],
  ['an empty object', '{}'],
  ['half an object', json(EMPTY).slice(0, -1)],
  ['two objects', json(EMPTY) + json(EMPTY)],
  ['a comment', `/* */${json(EMPTY)}`],
  ['a comma at the end', json(EMPTY).replace(/}$/, ',}')],
  ['single quotes', json(EMPTY).replaceAll('"', "'")],
  ['a zero byte', `\0${json(EMPTY)}`],
  ['a version that is not a number', raw('version', 'NaN', PLUGINS)],
  ['a key twice', raw('plugins', '[]', EMPTY)],
  ['a key twice, once escaped', raw('\\u0070lugins', '[]', EMPTY)],
  ['the key __proto__', raw('__proto__', '{"version":1}', EMPTY)],
  ['the key constructor', json({ ...EMPTY, constructor: 1 })],
  ['the key toString', json({ ...EMPTY, toString: 1 })],
  ['a key of 60,000 characters', json({ ...EMPTY, ['k'.repeat(60_000)]: 1 })],
  ['a key of 60,000 characters twice', `{"${'k'.repeat(60_000)}":1,"${'k'.repeat(60_000)}":1}`],
  ['50,000 unknown keys', `{${Array.from({ length: 50_000 }, (_, key) => `"k${key}":1`).join(',')}}`],
  ['20 levels', raw('plugins', `${'['.repeat(20)}${']'.repeat(20)}`, { version: 1 })],
  ['100,000 levels', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['100,000 levels that do not end', '['.repeat(100_000)],
  // The paths of these values together would take 400 MB.
  ['400,000 values below long keys', nested(14, `[${'0,'.repeat(400_000)}0]`)],
  ['more than a million characters', json(EMPTY) + ' '.repeat(1_048_576)],
  ['version 2', json({ ...EMPTY, version: 2 })],
  ['a version as text', json({ ...EMPTY, version: '1' })],
  ['a version in a list', json({ ...EMPTY, version: [1] })],
  ['no plugins', json({ version: 1 })],
  ['plugins as an object', json({ version: 1, plugins: {} })],
  ['plugins as text', json({ version: 1, plugins: 'a' })],
  ['a plugin that is null', withPlugin(null)],
  ['a plugin as a list', withPlugin([])],
  ['a plugin without keys', withPlugin({})],
];

export const POLICIES: readonly TextRow[] = [
  ...wrong(ANY_TEXT),
  [
    'a million plugins of one name',
    json({ version: 1, plugins: Array(30_000).fill({ name: 'a', grants: [] }) }),
    'INVALID_POLICY',
  ],
  ['a name of a million characters', withPlugin({ name: 'n'.repeat(1_000_000), grants: [] }), 'read'],
  ['a reason of a million quotes', withGrant({ config: 'k', reason: '"'.repeat(500_000) }), 'read'],
  [
    '20,000 grants',
    withPlugin({ name: 'a', grants: Array(20_000).fill({ config: 'k', reason: 'r' }) }),
    'read',
  ],
  ['half a surrogate pair', granting({ config: '\ud800' }), 'read'],
  ['the name __proto__', withPlugin({ name: '__proto__', grants: [] }), 'read'],
  ['the config key __proto__', granting({ config: '__proto__' }), 'read'],
  ['the largest sequence', json({ ...EMPTY, sequence: Number.MAX_SAFE_INTEGER }), 'read'],
  ...wrong([
    ['a sequence below 0', json({ ...EMPTY, sequence: -1 })],
    ['half a sequence', json({ ...EMPTY, sequence: 1.5 })],
    ['a sequence as text', json({ ...EMPTY, sequence: '1' })],
    ['a sequence that is not exact', json({ ...EMPTY, sequence: 2 ** 53 })],
    ['a sequence without an end', raw('sequence', '1e999', EMPTY)],
    ['an end in words', json({ ...EMPTY, expires: 'never' })],
    ['an end without text', json({ ...EMPTY, expires: '' })],
    ['an end in month 13', json({ ...EMPTY, expires: '2027-13-01' })],
    ['an end on 30 February', json({ ...EMPTY, expires: '2027-02-30' })],
    ['an end at 24 hours', json({ ...EMPTY, expires: '2027-01-01T25:00:00Z' })],
    ['an end in another zone', json({ ...EMPTY, expires: '2027-01-01T00:00:00+02:00' })],
    ['an end as a number', json({ ...EMPTY, expires: 20270101 })],
    ['an end of 100,000 digits', json({ ...EMPTY, expires: '2'.repeat(100_000) })],
    ['a name as a number', withPlugin({ name: 5, grants: [] })],
    ['an empty name', withPlugin({ name: '', grants: [] })],
    ['a name of spaces', withPlugin({ name: '  ', grants: [] })],
    ['grants that are null', withPlugin({ name: 'a', grants: null })],
    ['grants as an object', withPlugin({ name: 'a', grants: { 0: {} } })],
    ['a grant that is null', withGrant(null)],
    ['a grant as text', withGrant('host')],
    ['a grant as a list', withGrant([])],
    ['a grant of nothing', granting({})],
    ['a grant of two kinds', granting({ host: 'a', config: 'b' })],
    ['a grant of an unknown kind', granting({ everything: true })],
    ['a grant with the key __proto__', withGrant(JSON.parse('{"__proto__":{"hash":"x"},"reason":"r"}'))],
    ['a hash in capitals', granting({ hash: HASH.toUpperCase() })],
    ['a hash of 63 digits', granting({ hash: HASH.slice(1) })],
    ['a hash of 65 digits', granting({ hash: `${HASH}0` })],
    ['a hash with a line end', granting({ hash: `${HASH}\n` })],
    ['a hash as a number', granting({ hash: 5 })],
    ['a host that is empty', granting({ host: '' })],
    ['a host with a scheme', granting({ host: 'https://a.test' })],
    ['a host as a list', granting({ host: ['a.test'] })],
    ['a path that is empty', granting({ path: '' })],
    ['a path as a number', granting({ path: 5 })],
    ['an access that is not known', granting({ path: 'a', access: 'rw' })],
    ['an access beside a config key', granting({ config: 'k', access: 'write' })],
    ['a preopen that is empty', granting({ preopen: '' })],
    ['a config key as a number', granting({ config: 5 })],
    ['a function without its namespace', granting({ function: 'f' })],
    ['a namespace without a function', granting({ namespace: 'n' })],
    ['a namespace beside a host', granting({ host: 'a', namespace: 'n' })],
    ['a power that is not known', granting({ power: 'htpp' })],
    ['the power host-function', granting({ power: 'host-function' })],
    ['the power __proto__', granting({ power: '__proto__' })],
    ['the power toString', granting({ power: 'toString' })],
    ['no reason', withGrant({ config: 'k' })],
    ['an empty reason', granting({ config: 'k', reason: '' })],
    ['a reason of spaces', granting({ config: 'k', reason: ' \t' })],
    ['a reason as a number', granting({ config: 'k', reason: 5 })],
    ['a person without a name', granting({ config: 'k', by: '' })],
    ['a grant until 31 April', granting({ config: 'k', until: '2027-04-31' })],
    ['a grant until a number', granting({ config: 'k', until: 5 })],
    ['limits as a list', withLimits([])],
    ['limits as a number', withLimits(5)],
    ['an unknown limit', withLimits({ timeout: 5 })],
    ['a time limit of 0', withLimits({ timeoutMs: 0 })],
    ['a limit below 0', withLimits({ hostCalls: -1 })],
    ['half a limit', withLimits({ httpBytes: 1.5 })],
    ['a limit as text', withLimits({ logBytes: '5' })],
    ['a limit that is not exact', withLimits({ maxPages: 2 ** 60 })],
    ['a limit in a list', withLimits({ varWrites: [1] })],
  ]),
];

const MODULE = { name: 'main', sha256: HASH, sizeBytes: 3 };
const LOCKED = { name: 'a.wasm', modules: [MODULE], powers: [], exports: [] };
const locked = (keys: object) => withPlugin({ ...LOCKED, ...keys });
const lockedModule = (keys: object) => locked({ modules: [{ ...MODULE, ...keys }] });
const lockedPower = (keys: object) => locked({ powers: [{ power: 'log', imports: [], ...keys }] });
const lockedExport = (keys: object) => locked({ exports: [{ name: 'run', ...keys }] });

export const LOCKS: readonly TextRow[] = [
  ...wrong(ANY_TEXT),
  [
    '20,000 exports',
    locked({ exports: Array.from({ length: 20_000 }, (_, index) => ({ name: `e${index}` })) }),
    'read',
  ],
  ['the export __proto__', lockedExport({ name: '__proto__' }), 'read'],
  ['an import with terminal escapes', lockedPower({ imports: ['a \u001b[2J'] }), 'read'],
  ...wrong([
    ['modules as an object', locked({ modules: {} })],
    ['a module that is null', locked({ modules: [null] })],
    ['a short hash', lockedModule({ sha256: 'abc' })],
    ['a size below 0', lockedModule({ sizeBytes: -1 })],
    ['a size as text', lockedModule({ sizeBytes: '3' })],
    ['an unknown key of a module', lockedModule({ path: 'x' })],
    ['powers as text', locked({ powers: 'http' })],
    ['a power that is not known', lockedPower({ power: 'root' })],
    ['the power __proto__', lockedPower({ power: '__proto__' })],
    ['imports as text', lockedPower({ imports: 'a b' })],
    ['an import as a number', lockedPower({ imports: [1] })],
    ['a namespace as a number', lockedPower({ namespace: 5 })],
    ['a type as a list', lockedPower({ type: [] })],
    ['an export without a name', lockedExport({ name: undefined })],
    ['a reach that is not known', lockedExport({ reach: 'some' })],
    ['an unknown key of an export', lockedExport({ imported: [] })],
    ['uses as an object', locked({ uses: {} })],
    ['a use as a number', locked({ uses: [5] })],
  ]),
];

const PREDICATE = {
  version: 1,
  sequence: 2,
  plugins: [{ name: 'a', grants: [{ hash: HASH, reason: 'r' }] }],
};
const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'a', digest: { sha256: HASH } }],
  predicateType: 'urn:plugboard:policy:1',
  predicate: PREDICATE as unknown,
};
const ENVELOPE = {
  payloadType: 'application/vnd.in-toto+json',
  payload: toBase64(new TextEncoder().encode(json(STATEMENT))),
  signatures: [{ sig: 'AAAA' }] as unknown,
};
const envelope = (keys: object) => json({ ...ENVELOPE, ...keys });
const payload = (content: string) => envelope({ payload: toBase64(new TextEncoder().encode(content)) });
const statement = (keys: object) => payload(json({ ...STATEMENT, ...keys }));
const refused = (rows: readonly (readonly [string, string])[]): TextRow[] =>
  rows.map(([name, text]) => [name, text, 'INVALID_SIGNATURE']);

/** Envelopes whose signatures a verifier accepts. It asks for sequence 2. */
export const ENVELOPES: readonly TextRow[] = [
  ['a good envelope', envelope({}), 'read'],
  ['16 signatures', envelope({ signatures: Array(16).fill({ sig: 'AAAA' }) }), 'read'],
  ['an ended policy', statement({ predicate: { ...PREDICATE, expires: '1999-12-31' } }), 'POLICY_EXPIRED'],
  ['an older policy', statement({ predicate: { ...PREDICATE, sequence: 1 } }), 'POLICY_OUTDATED'],
  ['a policy without a sequence', statement({ predicate: EMPTY }), 'POLICY_OUTDATED'],
  ...wrong([
    ['no text', ''],
    ['half an envelope', envelope({}).slice(0, -1)],
    ['a payload as a number', envelope({ payload: 5 })],
    ['no payload', envelope({ payload: undefined })],
    ['signatures as an object', envelope({ signatures: {} })],
    ['a signature that is null', envelope({ signatures: [null] })],
    ['a signature without sig', envelope({ signatures: [{ keyid: 'k' }] })],
    ['a sig as a number', envelope({ signatures: [{ sig: 5 }] })],
    ['a keyid as a list', envelope({ signatures: [{ sig: 'AAAA', keyid: [] }] })],
    ['an unknown key of an envelope', envelope({ alg: 'none' })],
    ['a payload type as a number', envelope({ payloadType: 5 })],
    ['an envelope of more than a million characters', envelope({ payload: 'A'.repeat(1_048_576) })],
    ['a statement with a key twice', payload(`{"subject":[],${json(STATEMENT).slice(1)}`)],
    ['half a statement', payload('{')],
    ['a statement of 20 levels', payload('['.repeat(20) + ']'.repeat(20))],
    ['a predicate of version 2', statement({ predicate: { ...PREDICATE, version: 2 } })],
    ['a predicate with an unknown key', statement({ predicate: { ...PREDICATE, admin: true } })],
  ]),
  ...refused([
    ['a policy without an envelope', json(PREDICATE)],
    ['an envelope without its type', envelope({ payloadType: undefined })],
    ['another payload type', envelope({ payloadType: 'application/json' })],
    ['a payload that is not base64', envelope({ payload: '%%%%' })],
    ['no signature', envelope({ signatures: [] })],
    ['17 signatures', envelope({ signatures: Array(17).fill({ sig: 'AAAA' }) })],
    ['a sig that is not base64', envelope({ signatures: [{ sig: '%%%%' }] })],
    ['a payload that is not UTF-8', envelope({ payload: '//4=' })],
    ['an empty list as the statement', payload('[]')],
    ['null as the statement', payload('null')],
    ['another statement type', statement({ _type: 'https://in-toto.io/Statement/v0.1' })],
    ['no statement type', statement({ _type: undefined })],
    ['another predicate type', statement({ predicateType: 'https://slsa.dev/provenance/v1' })],
    ['no subject', statement({ subject: [] })],
    ['a subject as an object', statement({ subject: { digest: { sha256: HASH } } })],
    ['a subject that is null', statement({ subject: [null] })],
    ['a subject without a digest', statement({ subject: [{ name: 'a' }] })],
    ['a digest as a number', statement({ subject: [{ digest: { sha256: 5 } }] })],
    ['another subject', statement({ subject: [{ digest: { sha256: '0'.repeat(64) } }] })],
    ['a predicate as text', statement({ predicate: json(PREDICATE) })],
    ['no predicate', statement({ predicate: undefined })],
  ]),
];

const MOST = [0xff, 0xff, 0xff, 0xff, 0x0f];
const TYPE = section(1, vector([[0x60, 0, 0]]));
const bytes = (...parts: readonly (readonly number[])[]) =>
  Uint8Array.from([...WASM_HEADER, ...parts.flat()]);
const named = (name: string, content: readonly number[]) => section(0, [...text(name), ...content]);
const code = (content: readonly number[]) => [
  ...TYPE,
  ...section(3, vector([[0]])),
  ...section(10, vector([[...unsigned(content.length), ...content]])),
];

/** Bytes, and whether they are valid; null where engines have limits of their own. */
export const MODULES: readonly [name: string, bytes: Uint8Array<ArrayBuffer>, isValid: boolean | null][] = [
  ['no bytes', new Uint8Array(), false],
  ['half a header', Uint8Array.from(WASM_HEADER.slice(0, 6)), false],
  ['a header alone', bytes(), true],
  ['another version', Uint8Array.from([...WASM_HEADER.slice(0, 4), 2, 0, 0, 0]), false],
  ['a component', Uint8Array.from([...WASM_HEADER.slice(0, 4), 0x0d, 0, 1, 0]), false],
  ['text in place of wasm', new TextEncoder().encode('(module)'), false],
  ['an unknown section', bytes([99, 0]), false],
  ['a section that is longer than the file', bytes([1, 9, 0]), false],
  ['a section of 4 GiB', bytes([1, ...MOST]), false],
  ['a length of 6 bytes', bytes([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), false],
  ['4 billion types', bytes(section(1, MOST)), false],
  ['4 billion imports', bytes(section(2, MOST)), false],
  ['4 billion functions', bytes(TYPE, section(3, MOST)), false],
  ['4 billion exports', bytes(section(7, MOST)), false],
  ['4 billion bodies', bytes(TYPE, section(3, vector([[0]])), section(10, MOST)), false],
  ['4 billion segments', bytes(section(11, MOST)), false],
  ['4 billion locals', bytes(code([1, ...MOST, 0x7f, 0x0b])), false],
  ['a jump table of 4 billion labels', bytes(code([0, 0x41, 0, 0x0e, ...MOST])), false],
  ['a body without an end', bytes(code([0, 0x01])), false],
  ['an unknown instruction', bytes(code([0, 0xff, 0x0b])), false],
  ['a call of a function that is not there', bytes(code([0, 0x10, 9, 0x0b])), false],
  [
    '10,000 blocks in each other',
    bytes(code([0, ...Array(10_000).fill([0x02, 0x40]).flat(), ...Array(10_001).fill(0x0b)])),
    null,
  ],
  ['an export of a function that is not there', bytes(section(7, vector([[...text('f'), 0, 9]]))), false],
  [
    'two exports of one name',
    bytes(
      code([0, 0x0b]).slice(0, TYPE.length + 4),
      section(
        7,
        vector([
          [...text('f'), 0, 0],
          [...text('f'), 0, 0],
        ]),
      ),
    ),
    false,
  ],
  ['a start function that is not there', bytes(section(8, [9])), false],
  ['a memory of more than 4 GiB', bytes(section(5, vector([[0, 0x81, 0x80, 0x04]]))), false],
  ['a table of 4 billion places', bytes(section(4, vector([[0x70, 0, ...MOST]]))), null],
  ['sections in another order', bytes(section(7, vector([])), section(1, vector([]))), false],
  ['the names of a name section do not end', bytes(named('name', [1, ...MOST])), true],
  ['4 billion names', bytes(named('name', [1, 5, ...MOST])), true],
  ['a custom section whose name is too long', bytes(section(0, [9, 0x61])), false],
  ['a custom name that is not UTF-8', bytes(section(0, [1, 0xff])), false],
  ['5,000 custom sections', bytes(...Array.from({ length: 5000 }, () => named('x', []))), true],
  ['a mark of plugboard prepare alone', bytes(named('plugboard.prepared', [...text('{"version":1}')])), true],
  ['producers that are cut off', bytes(named('producers', [3, 9])), true],
  ['a page of zeros', new Uint8Array(65_536), false],
];

/** Names of imports and exports. They must not reach a terminal, or a page, as more than text. */
export const NAMES: readonly string[] = [
  ...['', ' ', '\0', '\r', '\n', '\t', '\u001b[31m', '\u001b]0;x\u0007', '\u007f', '\u0085', '\u009b2J'],
  ...['\u202e', '\u2066', '\u2028', '\u200b', '\ufeff', '\ud83d\ude00', 'x'.repeat(60_000)],
  ...[
    '<script>',
    '</script><script>alert(1)',
    '<!--',
    ']]>',
    '"',
    "'",
    '`',
    '&lt;',
    '<img src=x onerror=alert(1)>',
  ],
  ...[
    '\n## heading',
    '| cell |',
    '::error::x',
    '$(id)',
    '#{x}',
    '%0a',
    '../../x',
    '__proto__',
    'constructor',
  ],
];

export const moduleNamed = (name: string): Uint8Array<ArrayBuffer> =>
  buildModule({ imports: [{ module: name, name }], functions: [{ name, body: ['call 0'] }] });
