import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Message } from '../../src/actor/index.ts';
import { servePage } from '../../src/cli/page-server.ts';
import { Network } from '../../src/network/node.ts';
import type { BrowserName } from './browsers.ts';
import { allowing, visitPageFile } from './page-file.ts';
import type { Check } from './report.ts';
import { root } from './root.ts';
import { watchPage } from './visit.ts';

/** Hostile as a name, and as a text. */
const EVIL = '<img src=x onerror=document.title=1>\u202e\u0007';

const GRAPH = {
  properties: { name: EVIL },
  processes: { count: { component: 'Count' }, [EVIL]: { component: 'Say' } },
  connections: [
    { from: { nodeId: 'count', portId: 'count' }, to: { nodeId: EVIL, portId: 'number' } },
    { to: { nodeId: EVIL, portId: 'word' }, data: EVIL },
  ],
  inports: { visit: { nodeId: 'count', portId: 'visit' } },
  outports: { text: { nodeId: EVIL, portId: 'text' } },
};

/** The node with that name as the page shows it. */
const SAY = '<img src=x onerror=document.title=1>\\u202e\\u0007';

/** The initial packet of that node, and its button. */
const WORD = `word: {"type":"String","data":"${SAY}"} Edit word`;

/** The rows of the tables: those of the nodes, and those of the edges. Both in the order of the graph. */
const SERVED = [
  'paused',
  'count | Count |  | paused | 0 | 0 |  |  |  |  | ',
  `${SAY} | Say | ${WORD} | paused | 1 | 0 | word: String "${SAY}" |  | {"word":"${SAY}"} |  | `,
  '> visit | count.visit | 2 | 2 | 40',
  `count.count | ${SAY}.number | 0 | 0 | 0`,
  `${SAY}.text | text > | 0 | 0 | 0`,
  'count | Count |  | paused | 1 | 0 | visit: Flow | count: Integer 1 | {"count":1} |  | ',
  `${SAY} | Say | ${WORD} | paused | 1 | 0 | word: String "${SAY}" |  | {"word":"${SAY}"} |  | `,
  '> visit | count.visit | 2 | 1 | 20',
  `count.count | ${SAY}.number | 1 | 1 | 23`,
  `${SAY}.text | text > | 0 | 0 | 0`,
  'running',
  'count | Count |  | idle | 2 | 0 | visit: Flow | count: Integer 2 | {"count":2} |  | ',
  `${SAY} | Say | ${WORD} | failed | 3 | 1 | number: Integer 2 |  | {"word":"${SAY}"} |  | CALLBACK_FAILED: no twos ${SAY}`,
  '> visit | count.visit | 2 | 0 | 0',
  `count.count | ${SAY}.number | 2 | 0 | 0`,
  `${SAY}.text | text > | 1 | 0 | 0`,
  `${SAY}: CALLBACK_FAILED: no twos ${SAY} (dead letter of port number)`,
  `title ${SAY}: plugboard`,
  'boxes 4',
  `focus ${SAY}`,
  'sent',
  'JSON_SYNTAX: ',
  'focus message',
  `${SAY}.word (initial packet)`,
  `{"type":"String","data":"${SAY}"}`,
  'MESSAGE_DEFAULTED: message.data: expected a string for String, got 5, invalid: true',
  'sent, invalid: false',
  `${SAY} | Say | ${WORD} | idle | 5 | 1 | word: String "new" |  | {"word":"new"} |  | `,
].join('\n');

/** Uses the page as a person does, and reports its tables. Runs in the browser. */
async function useServed(): Promise<void> {
  const seen: string[] = [];
  const find = (id: string) => document.getElementById(id)!;
  const until = async (condition: () => boolean) => {
    for (let round = 0; round < 200 && !condition(); round++)
      await new Promise(resolve => setTimeout(resolve, 50));
  };
  const rows = () =>
    [...document.querySelectorAll('tbody tr')].map(row =>
      [...row.children].map(cell => cell.textContent).join(' | '),
    );
  const visits = async (count: number) => {
    for (let index = 0; index < count; index++) await fetch('/visit', { method: 'POST' });
  };
  const has = (text: string) => rows().some(row => row.includes(text));
  await until(() => rows().length > 0);
  find('pause').click();
  await until(() => find('phase').textContent === 'paused');
  await visits(2);
  await until(() => has('| 2 | 2 |'));
  seen.push(find('phase').textContent!, ...rows());
  find('step').click();
  await until(() => has('Integer 1') && has('Count |  | paused | 1 |'));
  seen.push(...rows());
  find('pause').click();
  await until(() => find('error-list').children.length > 0 && has('failed'));
  seen.push(find('phase').textContent!, ...rows());
  seen.push(
    [...find('error-list').children]
      .map(item => item.textContent!.replace(/^[^ ]*( [AP]M)? /, ''))
      .join('\n'),
  );
  seen.push(`title ${document.title}`, `boxes ${document.querySelectorAll('svg rect').length}`);
  const box = [...document.querySelectorAll('svg .node')].at(-1)!;
  box.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  seen.push(`focus ${document.activeElement?.firstElementChild?.textContent}`);
  const result = () => find('result').textContent!;
  for (const [text, answer] of [
    ['{"type":"Flow"}', /^sent$/],
    ['no JSON', /^JSON_SYNTAX: /],
  ] as const) {
    (find('message') as HTMLInputElement).value = text;
    (find('put') as HTMLButtonElement).click();
    await until(() => answer.test(result()));
    seen.push(answer.exec(result())?.[0] ?? result());
  }
  // The row of the node has the focus after a click in the drawing; its button comes next.
  const edit = [...document.querySelectorAll('tbody button')].at(-1) as HTMLButtonElement;
  edit.click();
  const select = find('port') as HTMLSelectElement;
  const message = find('message') as HTMLInputElement;
  seen.push(`focus ${document.activeElement?.id}`, select.selectedOptions[0]!.textContent!, message.value);
  for (const [text, answer] of [
    ['{"type":"String","data":5}', /^MESSAGE_DEFAULTED: .*/],
    ['{"type":"String","data":"new"}', /^sent$/],
  ] as const) {
    message.value = text;
    (find('put') as HTMLButtonElement).click();
    await until(() => answer.test(result()));
    seen.push(`${result()}, invalid: ${message.getAttribute('aria-invalid')}`);
  }
  await until(() => has('"word":"new"') && !has('| runs |'));
  seen.push(rows()[1]!);
  await fetch('/report', { method: 'POST', body: seen.join('\n') });
}

/**
 * Opens the page of a running network, with one more script that its policy allows. It comes over a server in between, which
 * takes the report.
 */
export async function checkNetworkPage(name: BrowserName, program: string): Promise<Check[]> {
  const network = await Network.create(GRAPH, {
    components: {
      Count: (_, { state }) => {
        const count = ((state.get('count') as number | undefined) ?? 0) + 1;
        state.set('count', count);
        return { count: Message.integer(count) };
      },
      Say: ({ number, word }, { state }) => {
        if (word) return void state.set('word', word.data as string);
        if (number!.data === 2) throw new Error(`no twos ${EVIL}`);
        return { text: Message.string(EVIL) };
      },
    },
  });
  network.start();
  const page = await servePage(network);
  const probe = `(${useServed})()`;
  let settle: (report: string) => void = () => {};
  const report = new Promise<string>(resolve => {
    settle = resolve;
  });
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '' } = incoming;
    if (url === '/visit') {
      await network.inports.visit!.send(Message.flow());
      response.end();
    } else if (url === '/report') {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      response.end();
      settle(Buffer.concat(chunks).toString());
    } else if (url === '/') {
      const real = await fetch(page.url);
      const policy = real.headers.get('content-security-policy')!;
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Content-Security-Policy', allowing(policy, probe));
      response.end((await real.text()).replace('</html>', () => `<script>${probe}</script></html>`));
    } else {
      const { 'content-length': length } = incoming.headers;
      const headers = length === undefined ? {} : { 'content-length': length };
      const forward = request(new URL(url.slice(1), page.url), { method, headers }, answer => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      forward.on('error', () => response.destroy());
      incoming.pipe(forward);
    }
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const actual = await watchPage(name, program, url, report);
    return [{ name: `the page of a network in ${name}`, expected: SERVED, actual }];
  } finally {
    server.closeAllConnections();
    server.close();
    await network.stop({ drain: false });
    await page.close();
  }
}

/** The rows of the page in which a network runs. */
const STANDALONE = [
  'no graph',
  `UNKNOWN_COMPONENT: node "count": no component "${SAY}" is given; there are none`,
  `${SAY} Counter.wasm`,
  'count.increment 1',
  'created',
  `count | ${SAY} | increment: {"type":"Integer","data":7} Edit increment | idle | 1 | 0 | increment: Integer 7 | count: Integer 1 | {"count":1} |  | `,
  'count: Integer 1',
  'sent',
  `count | ${SAY} | increment: {"type":"Integer","data":7} Edit increment | idle | 2 | 0 | increment: Flow | count: Integer 2 | {"count":2} |  | `,
  'count: Integer 2',
  '{"type":"Integer","data":7}',
  `count | ${SAY} | increment: {"type":"Integer","data":7} Edit increment | idle | 3 | 0 | increment: Integer 8 | count: Integer 3 | {"count":3} |  | `,
  'blocked',
  `title ${SAY}: plugboard`,
].join('\n');

/** Drops a graph and its module, changes the initial packet, starts the network, and sends a message. Runs in the browser. */
async function useStandalone(evil: string, wasm: string): Promise<void> {
  const seen: string[] = [];
  const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
  const until = async (condition: () => boolean) => {
    for (let round = 0; round < 200 && !condition(); round++)
      await new Promise(resolve => setTimeout(resolve, 50));
  };
  const drop = (name: string, content: BlobPart) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name));
    dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }));
  };
  const phase = () => find('phase').textContent!;
  const node = () => document.querySelector('tbody tr');
  const row = () => [...(node()?.children ?? [])].map(cell => cell.textContent).join(' | ');
  const isDone = (count: number) =>
    row().includes(`| idle | ${count} |`) && row().includes(`Integer ${count}`);
  const graph = {
    properties: { name: evil },
    processes: { count: { component: evil } },
    connections: [{ to: { nodeId: 'count', portId: 'increment' }, data: 1 }],
    inports: { visit: { nodeId: 'count', portId: 'increment' } },
    outports: { count: { nodeId: 'count', portId: 'count' } },
  };
  await until(() => phase() === 'no graph');
  seen.push(phase());
  drop('graph.json', JSON.stringify(graph));
  await until(() => find('problem').textContent !== '');
  seen.push(find('problem').textContent!);
  drop(
    'Counter.wasm',
    Uint8Array.from(atob(wasm), char => char.charCodeAt(0)),
  );
  await until(() => phase() === 'created');
  const label = (group: string) => find(group).querySelector('label')!;
  seen.push(label('modules').firstChild!.textContent! + find('modules').querySelector('select')!.value);
  const packet = find('initial').querySelector('input')!;
  seen.push(label('initial').firstChild!.textContent! + packet.value, phase());
  packet.value = '7';
  packet.dispatchEvent(new Event('change'));
  await until(() => !packet.isConnected && phase() === 'created');
  find('start').click();
  await until(() => isDone(1));
  seen.push(row(), find('out-list').textContent!);
  find('put').click();
  await until(() => isDone(2));
  seen.push(find('result').textContent!, row(), find('out-list').firstElementChild!.textContent!);
  const select = find<HTMLSelectElement>('port');
  const message = find<HTMLInputElement>('message');
  select.selectedIndex = 1;
  select.dispatchEvent(new Event('change'));
  seen.push(message.value);
  message.value = message.value.replace('7', '8');
  find('put').click();
  await until(() => isDone(3));
  seen.push(row());
  seen.push(
    await fetch('data:,').then(
      () => 'not blocked',
      () => 'blocked',
    ),
  );
  seen.push(`title ${document.title}`);
  location.href = `/report?${encodeURIComponent(seen.join('\n'))}`;
}

/** Opens the page in which a network runs. */
export async function checkStandalonePage(name: BrowserName, program: string): Promise<Check[]> {
  const wasm = readFileSync(join(root, 'fixtures/rust-counter/rust_counter.wasm'), 'base64');
  const script = `(${useStandalone})(${JSON.stringify(EVIL).replaceAll('<', '\\u003c')}, "${wasm}")`;
  const actual = await visitPageFile(name, program, 'page.html', script);
  return [{ name: `the page that runs a network in ${name}`, expected: STANDALONE, actual }];
}
