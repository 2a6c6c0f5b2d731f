import type { AuditReport } from '../../audit/index.ts';
import { count } from '../../audit/trace-summary.ts';
import { excerpt, messageOf, PlugboardError } from '../../errors.ts';
import { formatTraceEvent } from '../../trace/format.ts';
import { fromBase64 } from '../../values/base64.ts';
import { byId, html, setClass, show } from '../dom.ts';
import type { Answer, AnswerKind, MissingFunction } from './answers.ts';
import { copy, save, showFacts, showLines, showTable } from './elements.ts';
import { readHex, showHex } from './hex.ts';
import { lockTexts } from './lock.ts';
import {
  blocksTable,
  exportsTable,
  findingsTable,
  importsTable,
  powersTable,
  requestsTable,
  traceTable,
  usedTable,
} from './rows.ts';
import { type CallResult, readModule, Session } from './session.ts';
import type { Settings } from './settings.ts';

// A page in which a person tries one plugin. Its policy lets nothing out.

const MOST_HEX_BYTES = 4096;
/** Buttons and forms of one module. A hostile module has as many exports and imports as it likes. */
const MOST_CONTROLS = 200;
/** Characters of a name that stand on a button or beside a field. */
const MOST_CHARACTERS = 200;
const ANSWERS: Readonly<Record<AnswerKind, string>> = {
  zero: 'returns 0, or nothing',
  number: 'returns a number',
  text: 'returns a text in a new block',
  echo: 'returns its first argument, copied',
};

let session: Session | null = null;
/** The forms of host functions, by the key of the function. */
let answers: readonly (readonly [id: string, answer: () => Answer])[] = [];
/** The call that the page shows. */
let latest: CallResult | null = null;
let isBusy = false;

const valueIn = (id: string): string => byId<HTMLInputElement | HTMLSelectElement>(id).value;
const textOf = (error: unknown): string =>
  error instanceof PlugboardError ? `${error.code}: ${error.message}` : messageOf(error);
/** Lets the browser show a change before code runs that may take long. */
const painted = () => new Promise(resolve => setTimeout(resolve, 20));

const settings = (): Settings => ({
  answers: new Map(answers.map(([id, answer]) => [id, answer()])),
  config: valueIn('config'),
  hosts: valueIn('hosts'),
  status: valueIn('status'),
  body: valueIn('body'),
  timeoutMs: valueIn('time'),
  fuel: valueIn('fuel'),
  memoryPages: valueIn('memory'),
  values: valueIn('values') === 'none' ? 'none' : 'all',
});

/** Does one thing at a time: a second click waits for nothing and has no effect. */
async function alone(work: () => Promise<void>): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  byId('main').setAttribute('aria-busy', 'true');
  try {
    await work();
  } catch (error) {
    show(byId('problem'), textOf(error));
  } finally {
    isBusy = false;
    byId('main').removeAttribute('aria-busy');
  }
}

async function load(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  show(byId('problem'), '');
  latest = null;
  await session?.close();
  session = new Session(await readModule(name, bytes));
  const { report, missing } = session.module;
  show(document.querySelector('title')!, `${name}: plugboard`);
  show(byId('name'), name);
  showModule(report);
  showAnswers(missing);
  showExports(report);
  showFindings([]);
  showLock();
  for (const id of ['about', 'call', 'findings', 'locks']) byId(id).hidden = false;
  for (const id of ['output', 'did']) byId(id).hidden = true;
  show(byId('result'), '');
  const isValid = report.modules.every(({ valid }) => valid);
  show(byId('phase'), isValid ? 'module loaded' : 'not a module');
}

function showModule(report: AuditReport): void {
  const { modules, advice, unknown } = report;
  showFacts(
    'facts',
    modules.flatMap(({ sha256, sizeBytes, valid, start }) => [
      ['Size', count(sizeBytes ?? 0, 'byte')] as const,
      ['SHA-256', sha256 ?? 'not known: browsers compute it for files, https and localhost only'] as const,
      ['This engine', valid ? 'accepts the bytes' : 'refuses the bytes: they are not a module'] as const,
      ['Runs at creation', start.join(', ') || 'nothing'] as const,
    ]),
  );
  byId('advice').replaceChildren(
    ...advice.map(({ code, stops, message }) =>
      html('li', stops ? { class: 'error' } : {}, excerpt(`${code}: ${message}`, 10 * MOST_CHARACTERS)),
    ),
    ...unknown.map(text => html('li', {}, text)),
  );
  showTable('powers', powersTable(report));
  showTable('imports', importsTable(report));
  showTable('reach', exportsTable(report));
}

/** Shows a form for each function that the host has to provide. */
function showAnswers(missing: readonly MissingFunction[]): void {
  byId('answers').hidden = missing.length === 0;
  const forms = missing.slice(0, MOST_CONTROLS).map(item => {
    const name = excerpt(`${item.namespace} ${item.name}`, MOST_CHARACTERS);
    const label = `${name} ${excerpt(item.type ?? '', MOST_CHARACTERS)}`;
    const options = item.kinds.map(kind => html('option', { value: kind }, ANSWERS[kind]));
    const select = html('select', {}, ...options);
    const input = html('input', { size: 24, spellcheck: 'false' });
    const value = html('label', {}, 'Value ', input);
    const update = () => {
      value.hidden = select.value !== 'number' && select.value !== 'text';
    };
    select.addEventListener('change', update);
    update();
    const element = html('div', { class: 'answer' }, html('label', {}, `${label} `, select), value);
    const answer = (): Answer => ({ kind: select.value as AnswerKind, value: input.value });
    return { element, entry: [item.id, answer] as const };
  });
  answers = forms.map(({ entry }) => entry);
  const left = missing.length - forms.length;
  byId('answer-list').replaceChildren(
    ...forms.map(({ element }) => element),
    ...(left > 0 ? [html('p', {}, `${left} others return 0.`)] : []),
  );
}

function showExports({ exports, modules }: AuditReport): void {
  const callable = exports.filter(item => item.callable);
  const buttons = callable.slice(0, MOST_CONTROLS).map(({ name }) => {
    const button = html(
      'button',
      { type: 'button', 'aria-pressed': 'false' },
      excerpt(name, MOST_CHARACTERS),
    );
    button.addEventListener(
      'click',
      () =>
        void alone(async () => {
          for (const other of byId('exports').children)
            other.setAttribute('aria-pressed', String(other === button));
          await call(name);
        }),
    );
    return button;
  });
  byId('exports').replaceChildren(...buttons);
  const left = callable.length - buttons.length;
  const others = exports.length - callable.length;
  const notes = [
    modules.every(({ valid }) => valid) && callable.length === 0 ? 'No export can be called.' : '',
    left > 0 ? `${count(left, 'more function')} without a button.` : '',
    others > 0
      ? `Not to be called: ${count(others, 'other export')}. A host calls functions without parameters.`
      : '',
  ];
  show(byId('more'), notes.filter(Boolean).join(' '));
}

async function readInput(): Promise<Uint8Array> {
  const kind = valueIn('kind');
  if (kind === 'hex') return readHex(valueIn('input'));
  if (kind === 'text') return new TextEncoder().encode(valueIn('input'));
  const [file] = byId<HTMLInputElement>('input-file').files ?? [];
  if (!file) throw new PlugboardError('INVALID_INPUT', 'the input: expected a file, got none; choose one');
  return new Uint8Array(await file.arrayBuffer());
}

async function call(name: string): Promise<void> {
  if (!session) return;
  showResult(`${name}: running …`, false);
  await painted();
  try {
    const input = await readInput();
    showCall(await session.call(name, input, settings()));
  } catch (error) {
    showResult(textOf(error), true);
  }
}

function showResult(text: string, isError: boolean): void {
  show(byId('result'), excerpt(text, 20 * MOST_CHARACTERS));
  setClass(byId('result'), 'error', isError);
}

function showCall(result: CallResult): void {
  latest = result;
  const { output, error, durationMs, lines, events } = result;
  const outcome = error
    ? `${error.code}: ${error.message}`
    : output
      ? `${count(output.length, 'byte')} of output`
      : 'no output';
  showResult(
    `${result.export}: ${outcome} (${durationMs.toFixed(1)} ms, plugin ${result.plugin}, call ${result.call})`,
    error !== null,
  );
  byId('output').hidden = byId('did').hidden = false;
  showLines('text', output ? decode(output) : error ? 'no output: the call failed' : 'no output');
  showLines('hex', output ? showHex(output, MOST_HEX_BYTES) : '');
  byId('of-hex').hidden = byId('save-output').hidden = output === null;
  showLines('lines', lines.map(({ from, text }) => `${from}: ${text}`).join('\n') || 'nothing');
  showTable('used', usedTable(events));
  showTable('requests', requestsTable(events));
  byId('requests').hidden = !byId('requests').querySelector('table');
  showTable('trace', traceTable(events));
  showTable('blocks', blocksTable(events));
  showFindings(events);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return 'not UTF-8; see the digits below';
  }
}

const showFindings = (events: CallResult['events']) =>
  showTable('finding-list', findingsTable(session!.module.report, events));

function showLock(): void {
  if (!session) return;
  const { name, report } = session.module;
  const texts = lockTexts(name, report, valueIn('reason'), Date.now());
  show(byId('no-lock'), texts ? '' : 'No lock: it needs a valid module and its SHA-256.');
  byId('lock-files').hidden = texts === null;
  byId<HTMLTextAreaElement>('lock').value = texts?.lock ?? '';
  byId<HTMLTextAreaElement>('policy').value = texts?.policy ?? '';
  for (const id of ['of-policy', 'save-policy', 'copy-policy']) byId(id).hidden = !texts?.policy;
}

async function take(file: File | undefined): Promise<void> {
  if (file) await alone(async () => load(file.name, new Uint8Array(await file.arrayBuffer())));
}

function showKind(): void {
  const isFile = valueIn('kind') === 'file';
  byId('of-input').hidden = isFile;
  byId('of-input-file').hidden = !isFile;
}

const file = byId<HTMLInputElement>('file');
file.addEventListener('change', () => void take(file.files?.[0]));
byId('example').addEventListener('click', ({ currentTarget }) => {
  const { wasm = '' } = (currentTarget as HTMLElement).dataset;
  void alone(() => load('vowels.wasm', fromBase64(wasm)));
});
byId('kind').addEventListener('change', showKind);
byId('reason').addEventListener('input', showLock);
byId('again').addEventListener(
  'click',
  () =>
    void alone(async () => {
      await session?.close();
      showResult('The next call makes a new plugin, without the variables of this one.', false);
    }),
);
byId('save-output').addEventListener('click', () => {
  if (latest?.output) save('output.bin', latest.output);
});
byId('save-trace').addEventListener('click', () =>
  save('trace.jsonl', (latest?.events ?? []).map(event => formatTraceEvent(event, 'jsonl')).join('')),
);
for (const name of ['lock', 'policy']) {
  const area = byId<HTMLTextAreaElement>(name);
  byId(`save-${name}`).addEventListener('click', () => save(`plugboard.${name}.json`, area.value));
  byId(`copy-${name}`).addEventListener('click', () => void copy(area, byId('copied')));
}
addEventListener('dragover', event => {
  event.preventDefault();
  setClass(byId('main'), 'over', true);
});
addEventListener('dragleave', () => setClass(byId('main'), 'over', false));
addEventListener('drop', event => {
  event.preventDefault();
  setClass(byId('main'), 'over', false);
  void take(event.dataTransfer?.files[0]);
});
