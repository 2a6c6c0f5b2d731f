import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../helpers/random.ts';

// Kills `plugboard run graph.json --state` at random moments. Runs as dist/test/cli/kill.js.

const root = new URL('../../../', import.meta.url);
const file = (path: string) => fileURLToPath(new URL(path, root));

/** A counter, whose counts go to two other counters. */
const GRAPH = {
  properties: { name: 'kill' },
  processes: { a: { component: 'Counter' }, b: { component: 'Counter' }, c: { component: 'Counter' } },
  connections: [
    { from: { nodeId: 'a', portId: 'count' }, to: { nodeId: 'b', portId: 'increment' } },
    { from: { nodeId: 'a', portId: 'count' }, to: { nodeId: 'c', portId: 'increment' } },
  ],
  inports: { go: { nodeId: 'a', portId: 'increment' } },
  outports: {
    count: { nodeId: 'a', portId: 'count' },
    left: { nodeId: 'b', portId: 'count' },
    right: { nodeId: 'c', portId: 'count' },
  },
};

/** The lines of a run that are known outside: all that a reader of stdout needs to remember. */
class Outside {
  sent = 0;
  readonly acknowledged = new Set<number>();
  /** Numbers and counts of each port, without lines that came again. */
  readonly ports = new Map(
    Object.keys(GRAPH.outports).map(port => [port, { number: -1, counts: [] as number[] }]),
  );

  take(line: string): void {
    const { ack, '#': number, ...rest } = JSON.parse(line) as { ack?: number; '#': number };
    if (ack !== undefined) {
      if (ack > this.sent) throw new Error(`line ${ack} is acknowledged, and ${this.sent} were sent`);
      this.acknowledged.add(ack);
      return;
    }
    const [[port, message]] = Object.entries(rest) as [[string, { data: number }]];
    const known = this.ports.get(port)!;
    if (number <= known.number) return;
    known.number = number;
    known.counts.push(message.data);
  }

  /** The numbers of lines to send again. */
  unacknowledged(): number[] {
    return Array.from({ length: this.sent }, (_, at) => at + 1).filter(n => !this.acknowledged.has(n));
  }
}

const lineOf = (number: number) => `{"#":${number},"go":{"type":"Flow"}}\n`;

function start(folder: string): ChildProcessWithoutNullStreams {
  const args = ['run', 'graph.json', '--component', 'Counter=counter.wasm', '--state', 'state', '--quiet'];
  const child = spawn(process.execPath, [file('dist/lib/cli/main.js'), ...args], { cwd: folder });
  // The pipe of a killed process closes.
  child.stdin.on('error', () => {});
  return child;
}

/** Reads whole lines: a kill may cut one. Resolves when the process has ended. */
async function follow(child: ChildProcessWithoutNullStreams, take: (line: string) => void) {
  let [text, errors] = ['', ''];
  let failure: unknown;
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n');
    text = lines.pop()!;
    try {
      for (const line of lines) take(line);
    } catch (error) {
      failure ??= error;
    }
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part;
  });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  if (failure) throw failure;
  return { code, errors };
}

/** Kills a network as often as asked, sends unacknowledged lines again, and compares all counts. @throws with the seed */
export async function checkKills(kills: number, seed: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-kill-'));
  const random = new Random(seed);
  const outside = new Outside();
  try {
    writeFileSync(join(folder, 'graph.json'), JSON.stringify(GRAPH));
    copyFileSync(file('fixtures/rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
    for (let kill = 0; kill < kills; kill++) {
      const child = start(folder);
      // While it starts, or a while after so many lines came out.
      let left = random.below(4) === 0 ? -1 : 1 + random.below(400);
      const timer = left < 0 ? setTimeout(() => child.kill('SIGKILL'), random.below(250)) : undefined;
      const ended = follow(child, line => {
        outside.take(line);
        if (--left === 0) setTimeout(() => child.kill('SIGKILL'), random.below(4));
      });
      child.stdin.write(outside.unacknowledged().map(lineOf).join(''));
      // As many as are needed for the kill to come while lines are on their way.
      for (let more = 0; more < 200; more++) child.stdin.write(lineOf(++outside.sent));
      const { code, errors } = await ended;
      clearTimeout(timer);
      if (code !== null || errors) throw new Error(`the process ended with ${code}: ${errors}`);
    }
    const last = start(folder);
    const ended = follow(last, line => outside.take(line));
    last.stdin.end(outside.unacknowledged().map(lineOf).join(''));
    const { code, errors } = await ended;
    if (code !== 0 || errors) throw new Error(`the last process ended with ${code}: ${errors}`);
    const open = outside.unacknowledged();
    if (open.length > 0) throw new Error(`not acknowledged: ${open.slice(0, 5)}`);
    for (const [port, { counts }] of outside.ports) {
      const wrong = counts.findIndex((count, at) => count !== at + 1);
      if (wrong >= 0 || counts.length !== outside.sent)
        throw new Error(
          `${port}: ${counts.length} counts of ${outside.sent}, the first wrong one at ${wrong}`,
        );
    }
  } catch (error) {
    throw new Error(`${kills} kills, seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
