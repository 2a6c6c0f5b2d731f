import { Mailbox } from '../../src/actor/mailbox.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

/** Resolves when all promises that can settle now have settled. */
const settle = () => new Promise(resolve => setTimeout(resolve, 0));

suite('mailbox', test => {
  test('order is kept and a full mailbox makes senders wait', async () => {
    const mailbox = new Mailbox<number>('inports', 2);
    const sent: number[] = [];
    for (const item of [1, 2, 3, 4]) void mailbox.send(item).then(() => sent.push(item));
    await settle();
    equal(sent, [1, 2]);
    is(await mailbox.take(), 1);
    await settle();
    equal(sent, [1, 2, 3]);
    equal([await mailbox.take(), await mailbox.take(), await mailbox.take()], [2, 3, 4]);
    await settle();
    equal(sent, [1, 2, 3, 4]);
  });

  test('takers that wait are served in order', async () => {
    const mailbox = new Mailbox<number>('inports', 1);
    const taken = Promise.all([mailbox.take(), mailbox.take(), mailbox.take()]);
    await Promise.all([1, 2, 3].map(item => mailbox.send(item)));
    equal(await taken, [1, 2, 3]);
  });

  test('close refuses senders, ends takers and leaves the items in the queue', async () => {
    const mailbox = new Mailbox<number>('inports', 1);
    await mailbox.send(1);
    const waiting = raises(() => mailbox.send(2), {
      code: 'ACTOR_STOPPED',
      message: 'inports: the actor was stopped',
    });
    mailbox.close();
    await waiting;
    await raises(() => mailbox.send(3), { code: 'ACTOR_STOPPED' });
    equal([await mailbox.take(), await mailbox.take()], [1, undefined]);

    const empty = new Mailbox<number>('inports', 1);
    const taker = empty.take();
    empty.close();
    is(await taker, undefined);
  });

  test('lift lets every sender through', async () => {
    const mailbox = new Mailbox<number>('outports', 1);
    const sends = [1, 2, 3].map(item => mailbox.send(item));
    mailbox.lift();
    await Promise.all(sends);
    await mailbox.send(4);
    mailbox.close();
    const items: number[] = [];
    for await (const item of mailbox) items.push(item);
    equal(items, [1, 2, 3, 4]);
  });

  test('a reader that breaks off leaves the other items to the next reader', async () => {
    const mailbox = new Mailbox<number>('outports', 9);
    for (const item of [1, 2, 3]) await mailbox.send(item);
    mailbox.close();
    const items: number[] = [];
    for await (const item of mailbox) {
      items.push(item);
      break;
    }
    for await (const item of mailbox) items.push(item * 10);
    equal(items, [1, 20, 30]);
  });

  test('random programs lose nothing, double nothing and keep the order', async () => {
    const firstSeed = Date.now() & 0xffff_ffff;
    for (let seed = firstSeed; seed < firstSeed + (host().thorough ? 200 : 50); seed++) {
      const random = new Random(seed);
      const mailbox = new Mailbox<number>('inports', 1 + random.below(4));
      const taken: number[] = [];
      let next = 0;
      const sends: Promise<void>[] = [];
      const takes: Promise<unknown>[] = [];
      for (let step = 0; step < 60; step++) {
        const action = random.below(5);
        if (action < 2) sends.push(mailbox.send(next++));
        else if (action < 4) takes.push(mailbox.take().then(item => item !== undefined && taken.push(item)));
        else await settle();
      }
      mailbox.lift();
      await Promise.all(sends);
      mailbox.close();
      await Promise.all(takes);
      for await (const item of mailbox) taken.push(item);
      equal(taken, [...Array(next).keys()], `seed ${seed}`);
    }
  });

  test('a taker that leaves takes no item, and an item that is put back comes first', async () => {
    const mailbox = new Mailbox<number>('inports', 10);
    const [reader, other] = [{}, {}];
    const gone = mailbox.take(reader);
    const waiting = mailbox.take(other);
    mailbox.leave(reader);
    is(await gone, undefined);
    for (const item of [1, 2, 3]) await mailbox.send(item);
    is(await waiting, 1);
    mailbox.putBack(1);
    equal([await mailbox.take(), await mailbox.take(), await mailbox.take()], [1, 2, 3]);
    const next = mailbox.take(other);
    mailbox.putBack(3);
    is(await next, 3);
  });

  test('200,000 senders that wait are served in order', async () => {
    const mailbox = new Mailbox<number>('inports', 10);
    const sends = Array.from({ length: 200_000 }, (_, item) => mailbox.send(item));
    for (let item = 0; item < sends.length; item++) is(await mailbox.take(), item);
    await Promise.all(sends);
  });
});
