// Security: what a plugin may have and do is said by its host, and whatever it does otherwise is an error with a code.
import { readFile } from 'node:fs/promises';
import { type ActorOptions, Message, type Packet, ScriptActor } from 'plugboard/actor';

const source = await readFile(new URL('../../../fixtures/rust-keeper/rust_keeper.wasm', import.meta.url));
const packets = Message.array([{ n: 1 }, { n: 2 }, { n: 3 }]);

const attempts: [what: string, options: ActorOptions, packet: Packet][] = [
  ['is given too much', { limits: { inputBytes: 1000 } }, { in: Message.string('x'.repeat(1000)) }],
  ['gives too much', { limits: { outputBytes: 1000 } }, { in: Message.string('x'.repeat(1000)) }],
  ['sends too many packets', { limits: { packets: 2 } }, { 'do:send': packets }],
  ['wants more memory', { memoryLimitMb: 4 }, { in: Message.string('x'.repeat(4_000_000)) }],
  ['panics', {}, { 'do:panic': Message.flow() }],
];
for (const [what, options, packet] of attempts) {
  const actor = await ScriptActor.create({ source }, { stderr: () => {}, ...options });
  const code = await actor.process(packet).then(
    () => 'no error',
    error => error.code,
  );
  const [answer] = await actor.process({ in: Message.flow() });
  console.log(`a plugin that ${what}: ${code}; the next message: ${answer?.in?.type}`);
  await actor.stop();
}
