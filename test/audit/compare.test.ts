import { encodeModule } from '../../abi/encode.ts';
import { compareReports } from '../../src/audit/compare.ts';
import { findHints } from '../../src/audit/hints.ts';
import { toHtml } from '../../src/audit/html.ts';
import { STYLE, STYLE_SHA256 } from '../../src/audit/html-style.ts';
import { reportOf } from '../../src/audit/index.ts';
import { smallestManifest } from '../../src/audit/smallest-manifest.ts';
import { inspect } from '../../src/inspect/index.ts';
import { toBase64 } from '../../src/values/base64.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host, readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { suite } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
const INPUT = { module: ENV, name: 'input_length', results: ['i64'] } as const;
const HTTP = { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] } as const;
const OLD = buildModule({ imports: [INPUT], functions: [{ name: 'run', body: ['call 0', 'drop'] }] });
const NEW = buildModule({
  imports: [INPUT, HTTP],
  functions: [
    { name: 'run', body: ['call more'] },
    { name: 'more', body: ['i64.const 0', 'i64.const 0', 'call 1', 'drop'] },
  ],
});

/** Names that would end a text, an attribute, a script or the page. */
const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"\'><svg onload=alert(1)>',
  '<!--',
  ']]>',
  '&lt;script&gt;',
  '\u001b[31m\u202eevil\u0000\u2028',
];

suite('audit: two builds', test => {
  test('a new power comes with the call path to it', async () => {
    const diff = compareReports(await reportOf(OLD), await reportOf(NEW));
    equal(
      [diff.capabilities.gained.map(({ id }) => id), diff.capabilities.lost.map(({ id }) => id)],
      [['http'], []],
    );
    equal(diff.imports, { gained: [{ namespace: ENV, name: 'http_request' }], lost: [] });
    equal(diff.exports, { gained: ['more'], lost: [] });
    equal(diff.reach, [
      {
        name: 'run',
        gained: [{ namespace: ENV, name: 'http_request', path: ['run', 'more'] }],
        lost: [{ namespace: ENV, name: 'input_length' }],
        state: null,
      },
    ]);
  });

  test('the same bytes have no differences', async () => {
    const { capabilities, imports, exports, reach, findings } = compareReports(
      await reportOf(NEW),
      await reportOf(NEW),
    );
    const none = { gained: [], lost: [] };
    equal([capabilities, imports, exports, reach, findings], [none, none, none, [], none]);
  });

  test('a host function of another type is another power', async () => {
    const using = (params: ('i32' | 'i64')[]) =>
      buildModule({ imports: [{ module: 'app', name: 'f', params }] });
    const { capabilities } = compareReports(await reportOf(using(['i32'])), await reportOf(using(['i64'])));
    equal([capabilities.gained.length, capabilities.lost.length], [1, 1]);
  });
});

suite('audit: the smallest manifest', test => {
  test('has the hash, and an empty list for each power that needs a grant', async () => {
    const report = await reportOf(NEW);
    equal(smallestManifest(report, { paths: { main: 'a.wasm' } }), {
      wasm: [{ path: 'a.wasm', hash: report.modules[0]!.sha256 }],
      allowed_hosts: [],
    });
  });
});

suite('audit: the schema of reports', test => {
  const schema = () => readJson('schemas/audit-report-1.json') as Schema;
  for (const folder of readIndex()) {
    test(`the report of ${folder} has the published form`, async () => {
      const bytes = host().readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`);
      equal(checkSchema(JSON.parse(JSON.stringify(await reportOf(bytes))), schema(), 'report'), []);
    });
  }
  test('the form of a broken module and of a compiled one is the same', async () => {
    for (const source of [Uint8Array.of(1, 2, 3), await WebAssembly.compile(OLD)])
      equal(checkSchema(JSON.parse(JSON.stringify(await reportOf(source))), schema(), 'report'), []);
  });
  test('a report of another version is refused', async () => {
    ok(checkSchema({ ...(await reportOf(OLD)), version: 2 }, schema(), 'report').length > 0);
  });
});

suite('audit: hints', test => {
  const hintsIn = (text: string) => {
    const bytes = encodeModule({
      memory: [[0, 1]],
      data: [[0, 0x41, 0, 0x0b, text.length, ...new TextEncoder().encode(text)]],
    });
    const found = findHints('main', bytes, readModule(bytes).sections, inspect(bytes));
    return found.map(({ kind, text: hint }) => `${kind} ${hint}`);
  };
  const rows: [data: string, hints: string[]][] = [
    ['see https://api.example.com/v1?a=1.', ['url https://api.example.com/v1?a=1', 'host api.example.com']],
    ['host is db.internal.example.org ', ['host db.internal.example.org']],
    ['reads /etc/passwd now', ['path /etc/passwd']],
    ['APP_API_KEY and some words', ['key APP_API_KEY']],
    ['nothing of interest: v1.2.3', []],
    ['/rustc/0123456789abcdef/library', ['language Rust']],
  ];
  for (const [data, hints] of rows) test(`${data}: ${hints.length} hints`, () => equal(hintsIn(data), hints));
});

suite('audit: HTML', test => {
  const hostile = async () =>
    reportOf(
      buildModule({
        imports: HOSTILE.map(name => ({ module: name, name })),
        functions: HOSTILE.map((name, index) => ({ name: `${name}${index}`, body: [`call ${index}`] })),
      }),
    );

  test('hostile names are text, in every part of the page', async () => {
    const report = await hostile();
    const old = await reportOf(OLD);
    for (const title of HOSTILE) {
      const page = toHtml(report, { title, old, policy: { [title]: title } });
      const tags = new Set(
        [...page.matchAll(/<\/?([a-z!]+[a-z0-9-]*)/gi)].map(([, tag]) => tag!.toLowerCase()),
      );
      const allowed = 'a body code details div h1 h2 h3 head html li main meta nav p pre script section';
      const more = 'span style summary table tbody td th thead title tr ul caption !doctype';
      equal(
        [...tags].filter(tag => !`${allowed} ${more}`.split(' ').includes(tag)),
        [],
      );
      is(page.match(/<script/g)!.length, 1);
      is(page.match(/<\/script/g)!.length, 1);
      // An attribute of a handler would stand in a tag.
      ok(!/<[^>]*\son\w+=/i.test(page.replace(/<script[\s\S]*<\/script>/, '')), 'no handler');
      const shown = page.slice(0, page.indexOf('<script')).replaceAll('\n', '');
      is(shown.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u), null, 'no control characters');
    }
  });

  test('the embedded JSON is the report', async () => {
    const report = await hostile();
    const page = toHtml(report, { title: 'x' });
    const [, data] = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(page)!;
    ok(!data!.includes('<'));
    equal((JSON.parse(data!) as { report: unknown }).report, JSON.parse(JSON.stringify(report)));
  });

  test('its policy permits one style and no script', async () => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE));
    is(STYLE_SHA256, toBase64(new Uint8Array(digest)));
    const page = toHtml(await hostile(), { title: 'x' });
    match(
      page,
      /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'/,
    );
    ok(page.includes(`<style>${STYLE}</style>`));
  });

  test('each section has a heading that the contents lead to, and each table has a caption and heads', async () => {
    const page = toHtml(await reportOf(NEW), { title: 'x', old: await reportOf(OLD), policy: { a: 1 } });
    for (const [, id] of page.matchAll(/href="#([\w-]+)"/g)) ok(page.includes(`<h2 id="${id}">`), id);
    is(page.match(/<table>/g)!.length, page.match(/<caption>/g)!.length);
    is(page.match(/<section /g)!.length, 7);
    ok(page.includes('<html lang="en">') && page.includes('color-scheme:light dark'));
  });
});
