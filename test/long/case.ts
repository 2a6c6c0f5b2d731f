/** A test that needs gigabytes or minutes. It runs in a process of its own, because it may end the process. */
export interface LongCase {
  name: string;
  run(): Promise<void> | void;
}

/** Thrown by a case that an engine cannot run, with the reason. */
export class Skip extends Error {}
