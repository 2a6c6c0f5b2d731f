import { nodeHost } from '../helpers/node.ts';

export type Run = () => Promise<unknown>;

/** What is measured, made by itself: nothing of another subject is in its process. */
export interface Subject {
  name: string;
  /** Null where the runtime, or the peer on it, cannot do it. */
  make(): Promise<Run | { run: Run; memoryKib: number } | null>;
}

/** What each of the subjects does. */
export interface Workload {
  name: string;
  subjects: readonly Subject[];
}

/** What one process finds out about one subject. */
export interface Sample {
  runtime: string;
  /** Mean time of a run in each round, in µs; null where it cannot be done. */
  roundsUs: readonly number[] | null;
  /** What one of the things that it is made of takes, where that is of interest. */
  memoryKib?: number;
}

/** Long enough for engines to be done with compiling, which they do beside what runs. */
const WARM_UP_MS = 1000;
const ROUND_MS = 50;
const ROUNDS = 10;

/**
 * The entry of a benchmark: prints the names of its workloads and their subjects, or the sample of the one that is named, as JSON.
 * RATIONALE: why-does-each-subject-of-a-benchmark-have-a-process-of-its-own
 */
export async function runWorkload(workloads: readonly Workload[]): Promise<void> {
  const [wanted, subject] = process.argv.slice(2);
  if (wanted === undefined) return print(workloads.map(list));
  const workload = workloads.find(({ name }) => name === wanted);
  const found = workload?.subjects.find(({ name }) => name === subject);
  if (!workload || !found) throw new Error(`no workload is named ${wanted}, or no subject of it ${subject}`);
  // Node 20 may never end where nothing but the peer's compilation is left to wait for: see docs/RATIONALE.md.
  setInterval(() => {}, 1000);
  print(await measure(found));
  // Workers of the peer keep a process alive.
  process.exit(0);
}

const list = ({ name, subjects }: Workload) => ({ name, subjects: subjects.map(subject => subject.name) });
const print = (value: unknown) => console.log(JSON.stringify(value));

async function measure(subject: Subject): Promise<Sample> {
  const { runtime } = nodeHost;
  const made = await subject.make();
  if (!made) return { runtime, roundsUs: null };
  const run = typeof made === 'function' ? made : made.run;
  const runs = Math.ceil((await warmUp(run)) * (ROUND_MS / WARM_UP_MS));
  const roundsUs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let index = 0; index < runs; index++) await run();
    roundsUs.push(((performance.now() - start) * 1000) / runs);
  }
  return { runtime, roundsUs, ...(typeof made === 'object' && { memoryKib: made.memoryKib }) };
}

/** @returns how often it ran */
async function warmUp(run: Run): Promise<number> {
  const end = performance.now() + WARM_UP_MS;
  let runs = 0;
  for (; performance.now() < end; runs++) await run();
  return runs;
}
