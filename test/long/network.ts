import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Message } from '../../src/actor/index.ts';
import { JournalEngine, Network } from '../../src/network/node.ts';
import { checkKills } from '../cli/kill.ts';
import { graph } from '../fuzz/graph.ts';
import { runSeed } from '../fuzz/target.ts';
import { ok } from '../helpers/assert.ts';
import { checkSchedule } from '../network/engine-model.ts';
import { LEASE_RUNS, leaseRow } from '../network/lease-simulation.ts';
import { checkNetwork } from '../network/random-network.ts';
import { type LongCase, Skip } from './case.ts';

const MUTATED_GRAPHS = 100_000;
const SCHEDULES = 10_000;
const NETWORKS = 10_000;
const KILLS = 200;
const PACKETS = 100_000;
/** Each goes to the disk three times. */
const KEPT_PACKETS = 10_000;
const PACKET_BYTES = 65_536;
const MIB = 2 ** 20;
const GROWTH_BYTES = 64 * MIB;

/** Sends large packets through two nodes to a reader that rests again and again, and measures the resident memory. */
async function readSlowly(packets: number, engine?: JournalEngine): Promise<void> {
  const pass = (packet: { in?: Message }) => ({ out: packet.in! });
  const graph = {
    properties: { name: 'slow' },
    processes: { a: { component: 'Pass' }, b: { component: 'Pass' } },
    connections: [{ from: { nodeId: 'a', portId: 'out' }, to: { nodeId: 'b', portId: 'in' } }],
    inports: { go: { nodeId: 'a', portId: 'in' } },
    outports: { end: { nodeId: 'b', portId: 'out' } },
  };
  const network = await Network.create(graph, { components: { Pass: pass }, ...(engine && { engine }) });
  network.start();
  const bytes = new TextEncoder().encode('x'.repeat(PACKET_BYTES));
  const sending = (async () => {
    // Each text is one of its own, as one that was read from a file.
    for (let n = 0; n < packets; n++)
      await network.inports.go!.send(Message.string(`${n} ${new TextDecoder().decode(bytes)}`));
  })();
  // The collector lets the heap of short-lived texts grow to a size of its own first, which differs by 100 MiB from run to run.
  const settled = packets / 5;
  let [count, first, most] = [0, 0, 0];
  for await (const { data } of network.outports.end!) {
    ok(String(data).startsWith(`${count} `), `packet ${count}`);
    count++;
    if (count % 100 === 0) await new Promise(resolve => setTimeout(resolve, 20));
    if (count <= settled) first = Math.max(first, process.memoryUsage.rss());
    else most = Math.max(most, process.memoryUsage.rss());
    if (count === packets) break;
  }
  await sending;
  await network.stop();
  const growth = most - first;
  console.log(`${Math.round(first / MIB)} MiB, and ${Math.round(growth / MIB)} MiB more`);
  ok(growth < GROWTH_BYTES, `${growth} bytes`);
}

export const NETWORK_CASES: readonly LongCase[] = [
  {
    name: '100,000 mutated graph files give a plan or a coded error',
    run: async () => {
      for (let seed = 0; seed < MUTATED_GRAPHS; seed++) {
        const finding = await runSeed(graph, seed);
        if (finding)
          throw new Error(`seed ${seed}: ${JSON.stringify(finding.input)}`, { cause: finding.error });
      }
    },
  },
  {
    name: '10,000 random schedules of take, commit, crash and fence lose and double nothing',
    run: async () => {
      for (let seed = 0; seed < SCHEDULES; seed++) await checkSchedule(seed);
    },
  },
  {
    name: '1,000 simulated workers that die and stop lose and double nothing, and give the rows of docs/SCALE.md',
    run: () => {
      const page = readFileSync(new URL('../../../docs/SCALE.md', import.meta.url), 'utf8');
      for (const run of LEASE_RUNS) {
        const row = leaseRow(run);
        console.log(row);
        ok(page.includes(row), `seed ${run.seed}`);
      }
    },
  },
  {
    name: '200 kills of `plugboard run --state` lose and double nothing',
    run: async () => {
      if ('Deno' in globalThis || 'Bun' in globalThis) throw new Skip('Node runs it');
      const seed = Date.now() & 0xffff_ffff;
      console.log(`seed ${seed}`);
      await checkKills(KILLS, seed);
    },
  },
  {
    name: '100,000 packets of 64 KiB to a slow reader take no more memory than the bounds',
    run: () => readSlowly(PACKETS),
  },
  {
    name: '10,000 packets of 64 KiB in journals, to a slow reader, take no more memory than the bounds',
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'plugboard-slow-'));
      try {
        await readSlowly(KEPT_PACKETS, new JournalEngine(folder));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: '10,000 random networks send the packets of a model, drain, and never deadlock',
    run: async () => {
      for (let seed = 0; seed < NETWORKS; seed++) await checkNetwork(seed);
    },
  },
];
