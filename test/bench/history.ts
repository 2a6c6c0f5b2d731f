/** One measurement of one of our subjects: a line of test/bench/history.jsonl. */
export interface Line {
  /** Time of the run, ISO 8601. The lines of one run share it. */
  date: string;
  /** Short hash; ends with `+` if files had changed since. */
  commit: string;
  /** Such as `node`. */
  runtime: string;
  version: string;
  cpu: string;
  /** Such as `payload › echo 16 B › accessors`. */
  name: string;
  medianMs: number;
  /** How many times as fast as the peer in the same run. Left out where the peer was not measured. */
  ratio?: number;
}

export interface Measurement {
  /** Name of the workload, such as `echo 16 B`. */
  workload: string;
  /** Messages of one run, if the benchmark counts them. */
  messages?: number;
  /** Median time of one run by subject, in µs. */
  medianUs: Record<string, number>;
  /** Memory by subject, in KiB, if the benchmark measures it. */
  memoryKib?: Record<string, number>;
}

export interface Result {
  /** Such as `node 20.20.2`. */
  runtime: string;
  measurements: Measurement[];
}

/** The lines of one run. `against` has our subjects, each with its peer. */
export function linesOf(
  benchmark: string,
  results: readonly Result[],
  against: Readonly<Record<string, string>>,
  conditions: Pick<Line, 'date' | 'commit' | 'cpu'>,
): Line[] {
  return results.flatMap(({ runtime: full, measurements }) => {
    const [runtime = '', version = ''] = full.split(' ');
    return measurements.flatMap(({ workload, medianUs }) =>
      Object.entries(against).flatMap(([subject, peer]): Line[] => {
        const [ours, theirs] = [medianUs[subject], medianUs[peer]];
        if (ours === undefined) return [];
        const name = `${benchmark} › ${workload} › ${subject}`;
        const line = { ...conditions, runtime, version, name, medianMs: rounded(ours / 1000) };
        return [theirs === undefined ? line : { ...line, ratio: rounded(theirs / ours) }];
      }),
    );
  });
}

const rounded = (value: number) => Number(value.toPrecision(4));

/** Runs before the last one that it is compared with. */
const EARLIER = 9;
/** A change within these factors is noise: runs of one commit differ by as much. */
const [SLOWER, FASTER] = [1.1, 1 / 1.1];

/**
 * Compares the last line of each name, machine and runtime with the lines before it: the change of the time, and of the time
 * relative to the peer, which stays the same when only the machine is slower. Both must change for a verdict.
 */
export function compare(lines: readonly Line[]): string[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${line.name}, ${line.runtime}, ${line.cpu}`;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups].map(([key, all]) => {
    const last = all.at(-1)!;
    const earlier = all.slice(-1 - EARLIER, -1);
    const now = `${key}: ${last.medianMs} ms at ${last.commit}`;
    if (earlier.length === 0) return `${now}, the first run`;
    const time = last.medianMs / median(earlier.map(({ medianMs }) => medianMs));
    const ratios = earlier.flatMap(({ ratio }) => ratio ?? []);
    const toPeer = last.ratio && ratios.length > 0 ? median(ratios) / last.ratio : undefined;
    const both = [time, toPeer ?? time];
    const verdict = both.every(change => change > SLOWER)
      ? 'SLOWER'
      : both.every(change => change < FASTER)
        ? 'faster'
        : 'same';
    const peer = toPeer === undefined ? '' : `, to the peer ${percent(toPeer)}`;
    return `${verdict}: ${now}, ${percent(time)} against ${describe(earlier)}${peer}`;
  });
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const percent = (factor: number) => `${factor < 1 ? '' : '+'}${((factor - 1) * 100).toFixed(0)} %`;
const describe = (earlier: readonly Line[]) =>
  earlier.length === 1
    ? `1 run at ${earlier[0]!.commit}`
    : `${earlier.length} runs from ${earlier[0]!.commit} to ${earlier.at(-1)!.commit}`;
