import { EventSource } from '../../src/actor/events.ts';
import { PacketInbox } from '../../src/actor/inbox.ts';
import { Life } from '../../src/actor/life.ts';
import { Mailbox } from '../../src/actor/mailbox.ts';
import { Message, type Packet } from '../../src/actor/message/message.ts';
import { Pump } from '../../src/actor/pump.ts';
import { Sequence } from '../../src/actor/sequence.ts';
import type { Clock } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const clock = { nowNs: () => 0n } as unknown as Clock;
const events = () => new EventSource(clock, { actor: 'a', component: 'a' }, () => {});
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

suite('life', test => {
  test('it is active, then cleans up, then is stopped, and ends once', async () => {
    const source = events();
    const log: string[] = [];
    source.subscribe(event => void log.push(event.type === 'phase' ? event.phase : event.type));
    const life = new Life(source, () => false);
    life.checkActive('x');
    const cleanUp = async () => {
      is(life.phase, 'cleanup');
      log.push('clean up');
    };
    const ended = life.end(cleanUp);
    await raises(() => life.checkActive('x'), {
      code: 'ACTOR_STOPPED',
      message: 'x: the actor was stopped and takes no more packets',
    });
    life.checkNotFailed('x');
    is(life.end(cleanUp), ended);
    await ended;
    is(life.phase, 'stopped');
    equal(log, ['active', 'cleanup', 'clean up', 'stopped']);
  });

  test('a listener that ends it again at the phase cleanup gets the same end', async () => {
    const source = events();
    const life = new Life(source, () => false);
    const ends: Promise<void>[] = [];
    let cleaned = 0;
    const end = () => life.end(async () => void cleaned++);
    source.subscribe(event => {
      if (event.type === 'phase' && event.phase === 'cleanup') ends.push(end());
    });
    const ended = end();
    is(ends[0], ended);
    await ended;
    is(cleaned, 1);
  });

  test('a failure that ends it, or comes while it ends, is the cause for later users', async () => {
    for (const isEnding of [false, true]) {
      const life = new Life(events(), () => false);
      if (isEnding) void life.end(settle);
      const failure = new Error('no ink');
      await life.end(settle, failure);
      for (const check of [() => life.checkActive('x'), () => life.checkNotFailed('x')]) {
        await raises(check, { code: 'ACTOR_STOPPED', message: 'after a failure: no ink', cause: failure });
      }
    }
  });

  test('a clean-up that fails rejects the end for all who wait for it', async () => {
    const life = new Life(events(), () => false);
    const ends = [1, 2].map(() => life.end(() => Promise.reject(new Error('no disk'))));
    for (const end of ends) await raises(() => end, { message: 'no disk' });
    is(life.phase, 'cleanup');
  });
});

/** A pump whose work ends when the test says so. */
function pumped() {
  const inbox = new PacketInbox(4, packet => Object.keys(packet).join());
  const outbox = new Mailbox<Packet>('outports', 4);
  const finish: (() => void)[] = [];
  const pump = new Pump(
    inbox,
    outbox,
    payload => new Promise(resolve => finish.push(() => resolve([{ [payload as string]: Message.flow() }]))),
  );
  return { inbox, outbox, finish, pump };
}

suite('pump', test => {
  test('payloads wait until it is started; then it works on one after the other', async () => {
    const { inbox, outbox, finish, pump } = pumped();
    await Promise.all(['a', 'b'].map(port => inbox.send({ [port]: Message.flow() })));
    await settle();
    equal([finish.length, inbox.size, pump.isIdle], [0, 2, true]);
    pump.start();
    pump.start();
    await settle();
    equal([finish.length, inbox.size, pump.isIdle], [1, 1, false]);
    finish[0]?.();
    await settle();
    equal([finish.length, inbox.size, pump.isIdle], [2, 0, false]);
    finish[1]?.();
    await pump.whenIdle();
    is(pump.isIdle, true);
    equal([await outbox.take(), await outbox.take()], [{ a: Message.flow() }, { b: Message.flow() }]);
  });

  test('it is not idle while a packet waits for room in the outbox', async () => {
    const { inbox, outbox, finish, pump } = pumped();
    for (let count = 0; count < 4; count++) await outbox.send({});
    pump.start();
    await inbox.send({ a: Message.flow() });
    await settle();
    finish[0]?.();
    await settle();
    is(pump.isIdle, false);
    await outbox.take();
    await pump.whenIdle();
  });

  test('it ends when the inbox is closed and empty; one that was never started has ended', async () => {
    const { inbox, finish, pump } = pumped();
    await pump.ended;
    pump.start();
    await inbox.send({ a: Message.flow() });
    await settle();
    inbox.close();
    let hasEnded = false;
    void pump.ended.then(() => {
      hasEnded = true;
    });
    await settle();
    is(hasEnded, false);
    finish[0]?.();
    await pump.ended;
    is(pump.isIdle, true);
  });
});

suite('sequence', test => {
  test('a task begins when the task before it has ended, also if that one fails', async () => {
    const log: string[] = [];
    const sequence = new Sequence();
    const task = (name: string, fails = false) =>
      sequence.run(async () => {
        log.push(`${name} begins`);
        await settle();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const [one, two] = [task('one', true), task('two')];
    await raises(() => one, { message: 'one' });
    is(await two, 'two');
    equal(log, ['one begins', 'one ends', 'two begins', 'two ends']);
  });
});
