import { JetStream } from '../../src/network/nats/jet-stream.ts';
import { type Alive, lookAfterMs, Presence } from '../../src/network/nats/presence.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeNats, fakeClient } from './fake-nats.ts';

const RENEWALS = 50;
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

suite('keys of workers on NATS', test => {
  const TIMES: readonly [workers: number, leaseMs: number, chance: number, ms: number][] = [
    [1, 10_000, 1, 500],
    [4, 10_000, 1, 500],
    [4, 1000, 0.5, 250],
    [100, 10_000, 0.01, 500],
    [100, 10_000, 0.5, 6250],
    [1000, 10_000, 1, 10_000],
  ];
  for (const [workers, leaseMs, chance, ms] of TIMES)
    test(`one of ${workers} workers with a lease of ${leaseMs} ms looks after ${ms} ms at the chance ${chance}`, () =>
      is(lookAfterMs(workers, leaseMs, chance), ms));

  test('a renewal wakes nobody, a worker that comes or goes does, and one whose key has ended is told to all', async () => {
    const fake = new FakeNats();
    const bucket = 'PB_keys_LEASE';
    const ended = new AbortController();
    const jetStream = await JetStream.on(
      fake.connect(),
      ended.signal,
      () => {},
      async () => fakeClient,
    );
    await jetStream.ensureStream(`KV_${bucket}`, { subjects: [`$KV.${bucket}.>`] });
    const one = new Presence(jetStream, bucket, 60_000, 'one', null);
    const looks: string[] = [];
    const watching = one.watch(ended.signal, async (alive: Alive) => {
      looks.push([...alive.keys()].join(' '));
    });
    const until = async (isThere: () => boolean) => {
      for (const endMs = Date.now() + 20_000; !isThere(); await wait(5))
        if (Date.now() > endMs) throw new Error(`got ${looks.join(', ')}`);
    };
    const put = (id: string, headers?: ReadonlyMap<string, string>) =>
      fake.publish(`$KV.${bucket}.worker.${id}`, new TextEncoder().encode('null'), headers);
    await until(() => looks.at(-1) === 'one');
    const two = new Presence(jetStream, bucket, 60_000, 'two', ['a']);
    const left = new AbortController();
    const staying = two.stay(left.signal, async () => {});
    await until(() => looks.at(-1) === 'one two');
    // Wake messages of the beginning cause their looks.
    await wait(150);
    const before = looks.length;
    for (let count = 0; count < RENEWALS; count++) {
      put('two');
      await Promise.resolve();
    }
    await wait(100);
    ok(looks.length <= before + 1, `${looks.length - before} looks after ${RENEWALS} renewals`);
    left.abort();
    await two.end();
    await until(() => looks.at(-1) === 'one');
    const wakes = () =>
      fake.streams.get(`KV_${bucket}`)!.messages.find(({ subject }) => subject.endsWith('.wake'))!.sequence;
    const told = wakes();
    put('three', new Map([['Nats-TTL', '2000ms']]));
    await until(() => looks.at(-1) === 'one three');
    await until(() => wakes() > told);
    equal(looks.at(-1), 'one');
    ended.abort();
    await Promise.all([watching, staying]).catch(() => {});
  });
});
