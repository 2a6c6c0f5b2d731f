import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../src/network/engine/engine.ts';
import type { MemoryEngineOptions } from '../../src/network/engine/memory-engine.ts';
import type { Plan } from '../../src/network/index.ts';
import { JournaledEngine } from '../../src/network/journal/journaled-engine.ts';
import type { Random } from '../helpers/random.ts';
import type { Engines } from './engine-model.ts';

/** Lets the owner of a folder look as if its process were gone, as after `kill -9`. */
export function abandon(folder: string): void {
  const file = join(folder, 'owner.json');
  const owner = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
  // Another file, as another process would make it. No process has so high a number.
  rmSync(file);
  writeFileSync(file, JSON.stringify({ ...owner, pid: 2 ** 31 - 1, started: null }));
}

/** The paths of the journals of a folder. */
export const journalsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.journal'))
    .map(name => join(folder, name));

/** Engines in folders of their own, which `remove` removes. */
export class JournalFolders implements Engines {
  readonly #folders = new Map<Engine, { folder: string; options: MemoryEngineOptions }>();

  folderOf(engine: Engine): string {
    return this.#folders.get(engine)!.folder;
  }

  async create(plan: Plan, options: MemoryEngineOptions = { capacity: 1_000_000 }): Promise<JournaledEngine> {
    return this.open(mkdtempSync(join(tmpdir(), 'plugboard-journal-')), plan, options);
  }

  async open(folder: string, plan: Plan, options: MemoryEngineOptions = {}): Promise<JournaledEngine> {
    const engine = new JournaledEngine(folder, options);
    await engine.open(plan);
    this.#folders.set(engine, { folder, options });
    return engine;
  }

  async crash(engine: Engine, plan: Plan): Promise<JournaledEngine> {
    const { folder, options } = this.#folders.get(engine)!;
    abandon(folder);
    // The kill may have come in the middle of a line.
    const [first] = journalsOf(folder);
    if (first !== undefined) appendFileSync(first, '12345678 {"commit":');
    await engine.close();
    this.#folders.delete(engine);
    return this.open(folder, plan, options);
  }

  /** Leaves a random part of the bytes that are not on the disk for certain. */
  async cut(engine: Engine, plan: Plan, random: Random) {
    const { folder } = this.#folders.get(engine)!;
    const { synced } = (engine as JournaledEngine).commits;
    for (const file of journalsOf(folder)) {
      const lines = readFileSync(file, 'utf8').split('\n');
      const isSafe = (line: string) => !(Number(/^.{9}\{"commit":(\d+)/.exec(line)?.[1]) > synced);
      const safe = lines.findIndex(line => !isSafe(line) || line === '');
      const least = Buffer.byteLength(lines.slice(0, safe).join('\n')) + 1;
      const all = Buffer.byteLength(lines.join('\n'));
      truncateSync(file, least + random.below(all - least + 1));
    }
    const next = await this.crash(engine, plan);
    return { engine: next, commits: next.commits.kept };
  }

  remove(): void {
    for (const { folder } of this.#folders.values()) rmSync(folder, { recursive: true, force: true });
    this.#folders.clear();
  }
}
