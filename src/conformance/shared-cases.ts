import type { Case, CaseFile } from './case.ts';

/** A case file of the repository. It may take cases from another folder; the packed files have them in full. */
export interface SourceCaseFile extends CaseFile {
  /** The folder whose cases come before these ones, under ids of this folder. */
  shared?: string;
  /** The rest of a shared id → why this plugin cannot pass the case. */
  except?: Record<string, string>;
}

/** Returns a file with all of its cases. @param cases those of the folder `shared` */
export function withShared(
  folder: string,
  { shared = '', except = {}, ...file }: SourceCaseFile,
  cases: readonly Case[] = [],
): CaseFile {
  const taken = cases
    .map(given => ({ given, rest: given.id.slice(shared.length + 1) }))
    .filter(({ rest }) => !Object.hasOwn(except, rest))
    .map(({ given, rest }) => ({ ...given, id: `${folder}.${rest}` }));
  return { ...file, cases: [...taken, ...file.cases] };
}
