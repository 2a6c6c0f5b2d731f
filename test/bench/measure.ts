import { nodeHost } from '../helpers/node.ts';

export interface Subject {
  name: string;
  run: () => Promise<unknown>;
  /** What one of the things that it is made of takes, where that is of interest. */
  memoryKib?: number;
}

export interface Measurement {
  /** What was measured, such as `echo 16 B`. */
  workload: string;
  /** Median time of one run by subject, in µs. */
  medianUs: Record<string, number>;
  /** What the subjects take in memory, of those that say so. */
  memoryKib?: Record<string, number>;
}

/** What one process measures. */
export interface Workload {
  name: string;
  /** How often each subject runs in a round. */
  runs: number;
  make(): Promise<Subject[]>;
}

const EFFORT = { rounds: 15, warmUp: 5 };

/** The entry of a benchmark: prints the names of its workloads, or the figures of the one that is named, as JSON. */
export async function runWorkload(workloads: readonly Workload[]): Promise<void> {
  const wanted = process.argv[2];
  if (wanted === undefined) return console.log(JSON.stringify(workloads.map(({ name }) => name)));
  const found = workloads.find(({ name }) => name === wanted);
  if (!found) throw new Error(`no workload is named ${wanted}`);
  // Node 20 may never end where nothing but the peer's compilation is left to wait for: see docs/RATIONALE.md.
  setInterval(() => {}, 1000);
  const measurement = await measure(wanted, await found.make(), { ...EFFORT, runs: found.runs });
  console.log(JSON.stringify({ runtime: nodeHost.runtime, measurement }));
  // Workers of the peer keep a process alive.
  process.exit(0);
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

/**
 * Runs the subjects in turn, round by round, so that what disturbs the machine disturbs all of them. The first rounds
 * warm up and do not count.
 */
async function measure(
  workload: string,
  subjects: readonly Subject[],
  { runs, rounds, warmUp }: { runs: number; rounds: number; warmUp: number },
): Promise<Measurement> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const { name, run } of subjects) {
      const start = performance.now();
      for (let index = 0; index < runs; index++) await run();
      if (round >= 0) times.get(name)!.push(((performance.now() - start) * 1000) / runs);
    }
  }
  const memory = subjects.flatMap(({ name, memoryKib }) =>
    memoryKib === undefined ? [] : [[name, memoryKib]],
  );
  return {
    workload,
    medianUs: Object.fromEntries([...times].map(([name, values]) => [name, median(values)])),
    ...(memory.length > 0 && { memoryKib: Object.fromEntries(memory) as Record<string, number> }),
  };
}
