import { type ApiLine, apiOf } from './helpers/api.ts';
import { host } from './helpers/host.ts';
import { ENTRIES } from './public-calls.ts';

const declarations = host().list('dist/').includes('types/') ? 'dist/types' : 'dist';

/** The import path of an entry. */
const importOf = (entry: string): string =>
  entry.replace(/^(?:src\/)?(?:build\/)?/, 'plugboard/').replace(/\/(?:node|index)$/, '');
export const declarationsOf = (path: string): string =>
  `${declarations}/${ENTRIES.find(entry => importOf(entry) === path)}.d.ts`;

/** The public types, as they are built now. */
export const publicTypes = (): ApiLine[] =>
  ENTRIES.map(importOf).flatMap(path => apiOf(path, declarationsOf(path)));
