import { host } from './host.ts';

/** All TypeScript files of the repository below a folder. */
export function filesBelow(folder: string): string[] {
  return host()
    .list(folder)
    .filter(name => name !== 'node_modules/')
    .flatMap(name => (name.endsWith('/') ? filesBelow(folder + name) : folder + name))
    .filter(name => name.endsWith('.ts'));
}
