import { PlugboardError } from '../errors.ts';

/** Stands for the plugins of build tools where no build tool runs. */
export function plugboard(): never {
  const message = 'plugboard/esbuild and plugboard/vite run where these tools do: on Node, Deno and Bun';
  throw new PlugboardError('UNSUPPORTED', message);
}

export { plugboard as default };
