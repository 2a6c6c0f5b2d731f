import { type SpawnSyncReturns, spawnSync } from 'node:child_process';

/** Runs npm without install scripts: the npm that started this process (needed on Windows), else the npm on the path. */
export function npm(folder: string, args: readonly string[]): SpawnSyncReturns<string> {
  const all = [...args, '--ignore-scripts', '--loglevel=error'];
  const options = { encoding: 'utf8', cwd: folder } as const;
  const cli = process.env.npm_execpath;
  return cli ? spawnSync(process.execPath, [cli, ...all], options) : spawnSync('npm', all, options);
}
