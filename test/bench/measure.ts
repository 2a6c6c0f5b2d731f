import { nodeHost } from '../helpers/node.ts';

export type Run = () => Promise<unknown>;

/** One implementation of a workload. It has a process of its own, without the code of another subject. */
export interface Subject {
  name: string;
  /** Null if the runtime, or the peer on it, does not support the workload. */
  make(): Promise<Run | Made | null>;
}

interface Made {
  run: Run;
  memoryKib?: number;
  /** Called after the last run. */
  end?(): Promise<unknown>;
}

/** A task that several subjects do. */
export interface Workload {
  name: string;
  subjects: readonly Subject[];
  /** Messages of one run; the figures then say how many there are in a second. */
  messages?: number;
  /** Whether the median is that of single runs, not of the means of rounds. */
  hasSingleRuns?: boolean;
}

/** The measurement of one subject by one process. */
export interface Sample {
  runtime: string;
  /** Mean time of a run in each round, or the time of each run, in µs; null if the subject does not support the workload. */
  roundsUs: readonly number[] | null;
  /** Memory of one actor or loop, in KiB; set by the benchmark of actors only. */
  memoryKib?: number;
}

/** Long enough for engines to finish their better compilation, which runs in the background. */
const WARM_UP_MS = 1000;
const ROUND_MS = 50;
const ROUNDS = 10;
/** More of them would be cut off when they are printed at the end of the process. */
const MOST_SINGLE_RUNS = 1000;

/**
 * The entry of a benchmark. Prints, as JSON, the names of its workloads and subjects, or the sample of the named subject.
 * RATIONALE: why-does-each-subject-of-a-benchmark-have-a-process-of-its-own
 */
export async function runWorkload(workloads: readonly Workload[]): Promise<void> {
  const [wanted, subject] = process.argv.slice(2);
  if (wanted === undefined) return print(workloads.map(list));
  const workload = workloads.find(({ name }) => name === wanted);
  const found = workload?.subjects.find(({ name }) => name === subject);
  if (!workload || !found) throw new Error(`no workload is named ${wanted}, or no subject of it ${subject}`);
  // Without a timer, Node 20 may hang if only the peer's compilation is pending: see docs/RATIONALE.md.
  setInterval(() => {}, 1000);
  print(await measure(found, workload.hasSingleRuns));
  // Workers of the peer would keep the process alive.
  process.exit(0);
}

const list = ({ name, subjects, messages }: Workload) => ({
  name,
  subjects: subjects.map(subject => subject.name),
  messages,
});
const print = (value: unknown) => console.log(JSON.stringify(value));

async function measure(subject: Subject, hasSingleRuns = false): Promise<Sample> {
  const { runtime } = nodeHost;
  const made = await subject.make();
  if (!made) return { runtime, roundsUs: null };
  const { run, memoryKib, end }: Made = typeof made === 'function' ? { run: made } : made;
  const runs = Math.ceil((await warmUp(run)) * (ROUND_MS / WARM_UP_MS));
  const [rounds, each] = hasSingleRuns ? [Math.min(ROUNDS * runs, MOST_SINGLE_RUNS), 1] : [ROUNDS, runs];
  const roundsUs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let index = 0; index < each; index++) await run();
    roundsUs.push(((performance.now() - start) * 1000) / each);
  }
  await end?.();
  return { runtime, roundsUs, ...(memoryKib !== undefined && { memoryKib }) };
}

/** @returns the number of runs */
async function warmUp(run: Run): Promise<number> {
  const end = performance.now() + WARM_UP_MS;
  let runs = 0;
  for (; performance.now() < end; runs++) await run();
  return runs;
}
