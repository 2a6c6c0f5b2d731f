import { type TraceEvent, toHtml } from '../../src/audit/node.ts';
import { AUDIT_LIMITS } from '../../src/limits.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { EVENTS } from '../trace/example.ts';

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '\u202e\u0000\u001b[2J',
];

/** Returns the events with a name in place of each foreign text. */
const withName = (name: string): TraceEvent[] =>
  EVENTS.map(event => {
    const named = JSON.parse(JSON.stringify(event)) as Record<string, unknown>;
    if (event.type === 'trace') named.modules = [{ name, sha256: null }];
    if ('export' in event) named.export = name;
    if (event.type === 'call') named.input = { bytes: 1, text: name };
    if (event.type === 'return') named.error = { code: name, message: name };
    if (event.type === 'import') {
      named.module = name;
      named.namespace = name;
      if (event.from === 'host') named.name = name;
      named.decidedBy = name;
      named.allowed = false;
    }
    return named as unknown as TraceEvent;
  });

const load = (index: number): TraceEvent => ({
  ...(EVENTS[4] as TraceEvent & { type: 'import' }),
  id: index + 100,
});

suite('audit: HTML of a trace', test => {
  test('hostile names are text, in every part of the page', () => {
    for (const name of HOSTILE) {
      const page = toHtml(null, { title: name, trace: withName(name) });
      is(page.match(/<script/g)!.length, 1);
      is(page.match(/<\/script/g)!.length, 1);
      const shown = page.slice(0, page.indexOf('<script'));
      const tags = new Set(
        [...shown.matchAll(/<\/?([a-z]+[a-z0-9]*)/gi)].map(([, tag]) => tag!.toLowerCase()),
      );
      const allowed =
        'a body code details div h1 h2 head html li main meta nav p rect section span style summary svg table tbody td th thead title tr ul caption';
      equal(
        [...tags].filter(tag => !allowed.split(' ').includes(tag)),
        [],
      );
      ok(!/<[^>]*\son\w+=/i.test(shown), 'no handler');
      is(shown.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u), null, 'no control characters');
    }
  });

  test('the embedded JSON has the events', () => {
    const page = toHtml(null, { title: 'x', trace: EVENTS });
    const [, data] = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(page)!;
    ok(!data!.includes('<'));
    const { report, trace } = JSON.parse(data!) as { report: unknown; trace: unknown };
    equal([report, trace], [null, JSON.parse(JSON.stringify(EVENTS))]);
  });

  test('the keyboard reaches each call and table, and a screen reader gets the timeline as a table', () => {
    const page = toHtml(null, { title: 'x', trace: EVENTS });
    is(page.match(/<details>/g)!.length, page.match(/<summary>/g)!.length);
    is(page.match(/<table>/g)!.length, page.match(/<caption>/g)!.length);
    is(page.match(/<table>/g)!.length, page.match(/role="region" tabindex="0"/g)!.length);
    ok([...page.matchAll(/<svg [^>]*>/g)].every(([tag]) => tag.includes('aria-hidden="true"')));
    ok(!/ style=/.test(page), 'the policy of the page permits no style attribute');
    match(page, /<td><code>handle=80 &quot;a message&quot; \[8 bytes\]<\/code><\/td>/);
    match(page, /NONZERO_RESULT/);
    match(page, /Later events are left out/);
  });

  test('loads and stores of one run are one row with their number', () => {
    const trace = [...EVENTS.slice(0, 5), load(1), load(2), load(3), ...EVENTS.slice(5)];
    const page = toHtml(null, { title: 'x', trace });
    is(page.match(/<code>extism:host\/env\.store_u64 × 4<\/code>/g)?.length, 1);
  });

  test.row('limit.pageEvents', 'a page shows the first events, and tells how many are left', () => {
    const most = AUDIT_LIMITS.pageEvents.default;
    is(most, 10_000);
    const trace = [...EVENTS.slice(0, 2), ...Array.from({ length: most }, (_, index) => load(index))];
    match(toHtml(null, { title: 'x', trace }), /2 later events not shown\./);
  });

  test('without a report there must be a trace, which must be one', async () => {
    await raises(() => toHtml(null, { title: 'x' }), { code: 'INVALID_OPTION' });
    await raises(() => toHtml(null, { title: 'x', trace: 'x\n' }), {
      code: 'INVALID_OPTION',
      message: /trace: event 1/,
    });
  });
});
