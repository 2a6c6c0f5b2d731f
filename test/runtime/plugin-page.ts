import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildModule } from '../helpers/build-module.ts';
import type { BrowserName } from './browsers.ts';
import { visitPageFile } from './page-file.ts';
import type { Check } from './report.ts';
import { root } from './root.ts';

/** Hostile as a name of a file, an export and an import. */
const EVIL = '<img src=x onerror=document.title=1>\u202e\u0007';
const SHOWN = '<img src=x onerror=document.title=1>\\u202e\\u0007';

const fixture = (path: string) => readFileSync(join(root, 'fixtures', path), 'base64');
const MODULES = {
  vowels: fixture('vowels/vowels.wasm'),
  rust: fixture('rust-pdk/rust_pdk.wasm'),
  http: fixture('rust-http/rust_http.wasm'),
  faults: fixture('faults/faults.wasm'),
  hostile: Buffer.from(
    buildModule({
      imports: [{ module: EVIL, name: EVIL }],
      functions: [
        { name: EVIL, body: ['call 0'] },
        { name: 'loop', body: ['loop', 'br 0', 'end'] },
      ],
    }),
  ).toString('base64'),
};

const EXPECTED = [
  `module loaded: ${SHOWN}, title ${SHOWN}: plugboard`,
  'SHA-256 55159518b9e0f854e76b1c7fd24368e91ff3c356191f6cf027edb35229b4fbfe',
  'powers config variables log memory',
  'memory-maximum note the module',
  'without a name: 0',
  'count_vowels: 39 bytes of output (plugin 1, call 1)',
  '{"count": 2, "total": 2, "vowels": "o"}',
  '00000000  7b 22 63 6f 75 6e 74 22 3a 20 32 2c 20 22 74 6f  {"count": 2, "to',
  'count_vowels extism:host/env.alloc length=6 = 80 [6 bytes]',
  'Blocks left: 6, 60 bytes',
  'count_vowels: 39 bytes of output (plugin 1, call 2)',
  '{"count": 3, "total": 5, "vowels": "o"}',
  'count_vowels: 39 bytes of output (plugin 1, call 3)',
  '{"count": 1, "total": 6, "vowels": "o"}',
  'error INVALID_INPUT: the input: expected pairs of hexadecimal digits, such as 00 ff, got "o" at character 1',
  `lock of ${EVIL}, saved as plugboard.lock.json`,
  'policy: read by me',
  'call_host: 6 bytes of output (plugin 1, call 1)',
  'a text',
  'error get: HTTP_NOT_ENABLED',
  'request {"url":"http://a.test/x","headers":{},"method":null}',
  'get: 13 bytes of output (plugin 2, call 1)',
  'from the page',
  'error trap: TRAP',
  'stays: trap',
  `${SHOWN}: no output (plugin 1, call 1)`,
  `${SHOWN} ${SHOWN}.${SHOWN}`,
  'error loop: TIMEOUT',
  'images 0',
  'not a module',
  'eval blocked',
  'fetch blocked',
].join('\n');

/** Uses the page as a person does. Runs in the browser. */
async function usePage(evil: string, modules: Record<string, string>): Promise<void> {
  const seen: string[] = [];
  const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
  const until = async (condition: () => boolean) => {
    for (let round = 0; round < 200 && !condition(); round++)
      await new Promise(resolve => setTimeout(resolve, 50));
  };
  const text = (id: string) => find(id).textContent!;
  const filesOf = (name: string, content: BlobPart) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name));
    return transfer;
  };
  const load = async (name: string, content: BlobPart) => {
    find('phase').textContent = '';
    dispatchEvent(new DragEvent('drop', { dataTransfer: filesOf(name, content) }));
    await until(() => text('phase') !== '');
  };
  const bytes = (name: string) => Uint8Array.from(atob(modules[name]!), char => char.charCodeAt(0));
  const set = (id: string, value: string) => {
    const field = find<HTMLInputElement>(id);
    field.value = value;
    for (const type of ['input', 'change']) field.dispatchEvent(new Event(type));
  };
  const call = async (index: number) => {
    const button = find('exports').querySelectorAll('button')[index]!;
    button.focus();
    button.click();
    await until(() => !/^$|running/.test(text('result')));
    return `${find('result').className} ${text('result')}`.trim().replace(/\([\d.]+ ms, /, '(');
  };
  const value = (id: string) => find<HTMLTextAreaElement>(id).value;
  const rows = (id: string) =>
    [...find(id).querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.textContent));
  await until(() => text('phase') === 'no module');

  await load(evil, bytes('vowels'));
  seen.push(`${text('phase')}: ${text('name')}, title ${document.title}`);
  const facts = [...find('facts').children].map(({ textContent }) => textContent);
  seen.push(`SHA-256 ${facts[facts.indexOf('SHA-256') + 1]}`);
  seen.push(
    `powers ${rows('powers')
      .map(([power]) => power)
      .join(' ')}`,
  );
  seen.push(...rows('finding-list').map(cells => cells.slice(0, 3).join(' ')));
  const controls = [...document.querySelectorAll<HTMLInputElement>('input, select, textarea, button')];
  const isNamed = (control: HTMLInputElement) =>
    control.tabIndex === 0 &&
    (control.localName === 'button' ? control.textContent !== '' : control.labels!.length === 1);
  seen.push(`without a name: ${controls.filter(control => !isNamed(control)).length}`);

  set('config', 'vowels=o');
  seen.push(await call(0), value('text'), value('hex').split('\n')[0]!);
  seen.push(rows('trace')[0]!.slice(0, 4).join(' '), find('blocks').querySelector('caption')!.textContent!);
  set('kind', 'hex');
  set('input', '6f 6F, 0x6f');
  seen.push(await call(0), value('text'));
  set('kind', 'file');
  find<HTMLInputElement>('input-file').files = filesOf('input.txt', 'one').files;
  seen.push(await call(0), value('text'));
  set('kind', 'hex');
  set('input', 'o');
  seen.push(await call(0));
  set('kind', 'text');

  let saved = '';
  HTMLAnchorElement.prototype.click = function () {
    saved = this.href.startsWith('blob:') ? this.download : this.href;
  };
  find('save-lock').click();
  seen.push(`lock of ${JSON.parse(value('lock')).plugins[0].name}, saved as ${saved}`);
  set('reason', 'read by me');
  const [grant] = JSON.parse(value('policy')).plugins[0].grants;
  seen.push(`policy: ${grant.reason}`);

  set('config', '');
  await load('rust_pdk.wasm', bytes('rust'));
  const select = [...find('answer-list').querySelectorAll('select')].at(-1)!;
  select.value = 'text';
  select.dispatchEvent(new Event('change'));
  [...find('answer-list').querySelectorAll('input')].at(-1)!.value = 'a text';
  const indexOf = (name: string) =>
    [...find('exports').children].findIndex(({ textContent }) => textContent === name);
  seen.push(await call(indexOf('call_host')), value('text'));

  await load('rust_http.wasm', bytes('http'));
  set('input', 'http://a.test/x');
  const refused = await call(0);
  seen.push(refused.slice(0, refused.indexOf('ENABLED') + 7), `request ${rows('requests')[0]![0]}`);
  set('hosts', 'a.test');
  set('body', 'from the page');
  seen.push(await call(0), value('text'));

  await load('faults.wasm', bytes('faults'));
  const trapped = await call(indexOf('trap'));
  seen.push(trapped.slice(0, trapped.indexOf('TRAP') + 4), `stays: ${document.activeElement?.textContent}`);

  await load('hostile.wasm', bytes('hostile'));
  seen.push(await call(0), rows('trace')[0]!.slice(0, 2).join(' '));
  set('time', '50');
  const ended = await call(1);
  seen.push(ended.slice(0, ended.indexOf('TIMEOUT') + 7), `images ${document.images.length}`);
  await load('not.wasm', 'a text');
  seen.push(text('phase'));
  try {
    seen.push(`eval ${new Function('return "not blocked"')()}`);
  } catch {
    seen.push('eval blocked');
  }
  const isOut = await fetch('data:,').then(
    () => 'not blocked',
    () => 'blocked',
  );
  seen.push(`fetch ${isOut}`);
  location.href = `/report?${encodeURIComponent(seen.join('\n'))}`;
}

/** Opens the page in which a person tries a plugin. */
export async function checkPluginPage(name: BrowserName, program: string): Promise<Check[]> {
  const given = [EVIL, MODULES].map(value => JSON.stringify(value).replaceAll('<', '\\u003c'));
  const script = `(${usePage})(${given.join(', ')})`;
  const actual = await visitPageFile(name, program, 'plugin-page.html', script);
  return [{ name: `the page of a plugin in ${name}`, expected: EXPECTED, actual }];
}
