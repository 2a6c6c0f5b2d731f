import { Message, type Packet } from '../../src/actor/index.ts';
import type { Component, DeadLetter } from '../../src/network/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeNamespace } from './durable-objects.ts';

const RPC_BYTES = 32 * 2 ** 20;
/** Almost the most characters of a step. Two of them are more than RPC carries. */
const STEP = 16_768_000;
/** Two nodes, because one step may not have so many bytes. */
const GRAPH = {
  properties: { name: 'n' },
  processes: { a: { component: 'X' }, b: { component: 'X' } },
  inports: { go: { nodeId: 'a', portId: 'in' }, too: { nodeId: 'b', portId: 'in' } },
  outports: { end: { nodeId: 'a', portId: 'out' }, done: { nodeId: 'b', portId: 'out' } },
};
const objectOf = (X: Component) => new FakeNamespace(GRAPH, { network: { components: { X } } }).object('o');
type Made = Awaited<ReturnType<typeof objectOf>>;
const go = (text: string): Packet => ({ go: Message.string(text) });
const both = (text: string): Packet => ({ go: Message.string(text), too: Message.string(text) });
const lengthOf = (value: unknown) => JSON.stringify(value).length;

async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await new Promise(resolve => setTimeout(resolve, 5));
}

const Echo: Component = packet => ({ out: packet.in! });
/** Sends its message 16 times, because one message that leaves may not have so many bytes. */
const Copies: Component = packet => Array(16).fill({ out: packet.in! }) as Packet[];
const Keep: Component = (packet, { state }) => {
  state.set('text', String(packet.in!.data));
  return [];
};
const Fail: Component = () => {
  throw new Error('it fails');
};

suite('results of a Durable Object and the 32 MiB of RPC', test => {
  test('a reader gets fewer long messages than it asks for, and the rest next', async () => {
    const object = await objectOf(Echo);
    for (let n = 0; n < 20; n++) await object.accept(go(String(n).padEnd(500_000)), `id ${n}`);
    await until(async () => (await object.status()).outbox['"end"']?.packets === 20);
    const read: number[] = [];
    for (let after = 0; ; ) {
      const part = await object.read('end', after);
      if (part.length === 0) break;
      ok(lengthOf(part) < 5_000_000, `${part.length} messages`);
      read.push(...part.map(([, packet]) => parseInt((JSON.parse(packet) as Sent).end.data, 10)));
      after = part.at(-1)![0];
    }
    equal(read, [...Array(20).keys()]);
  });

  test('dead letters come in pages, each counted with its message and its packet', async () => {
    const object = await objectOf(Fail);
    for (let n = 0; n < 20; n++) await object.accept(go(String(n).padEnd(1_000_000)), `id ${n}`);
    await until(async () => (await object.status()).nodes.a!.failures === 20);
    const pages: (readonly DeadLetter[])[] = [];
    for (let after = 0; after < 20; after += pages.at(-1)!.length)
      pages.push(await object.deadLetters(after));
    for (const page of pages) ok(page.length > 0 && lengthOf(page) < RPC_BYTES, `${page.length} letters`);
    equal(
      pages.flat().map(({ message }) => parseInt(String(message.data), 10)),
      [...Array(20).keys()],
    );
    equal(await object.deadLetters(20), []);
  });

  for (const [name, component, packet, ask, advice] of [
    [
      'packets of a call',
      Copies,
      both('x'.repeat(STEP / 16)),
      (object: Made, packet: Packet) => object.call(packet),
      /^call: expected at most 33,488,896 bytes, which RPC carries, got about 33,5.*accept and read/,
    ],
    [
      'packets of a call, in two bytes for each character',
      Copies,
      both('語'.repeat(STEP / 32)),
      (object: Made, packet: Packet) => object.call(packet),
      /^call: .*got about 33,5/,
    ],
    [
      'states',
      Keep,
      both('x'.repeat(STEP)),
      async (object: Made, packet: Packet) => {
        await object.call(packet);
        return object.status();
      },
      /^status: .*keep less in the states/,
    ],
    [
      'a dead letter',
      Fail,
      go('x'.repeat(STEP)),
      async (object: Made, packet: Packet) => {
        for (const sent of [packet, go('short')]) await object.call(sent);
        is((await object.deadLetters(1)).length, 1);
        return object.deadLetters();
      },
      /^deadLetters: letter 0: .*go on with deadLetters\(1\)$/,
    ],
  ] as const)
    test(`${name} that RPC cannot carry are OUTPUT_LIMIT, and the object goes on`, async () => {
      const object = await objectOf(component);
      await raises(() => ask(object, packet), { code: 'OUTPUT_LIMIT', message: advice });
      await object.call(go('short'));
    });

  test('a call gives back as many characters of Latin-1 as RPC carries', async () => {
    const text = 'ü'.repeat(990_000);
    is((await (await objectOf(Copies)).call(both(text))).packets.length, 32);
  });
});

interface Sent {
  readonly end: { readonly data: string };
}
