import { KINDS, LANGUAGE_NAMES } from '../../create-plugboard/src/languages.ts';
import { type Choice, planProject, type Sources } from '../../create-plugboard/src/project.ts';
import { host } from '../helpers/host.ts';

/** All templates. */
export const CHOICES: readonly Choice[] = KINDS.flatMap(kind =>
  LANGUAGE_NAMES.map(language => ({
    name: `my-${kind}`,
    kind,
    language,
    plugboard: '^0.0.0',
  })),
);

/** The folders of the repository, which the build copies into the package. */
export const sources = (): Sources => ({
  templates: host().path('create-plugboard/templates'),
  sdk: host().path('sdk'),
});

/** The files of a project, as texts. */
export function textsOf(choice: Choice): Map<string, string> {
  const decoder = new TextDecoder();
  return new Map(
    [...planProject(choice, sources())].map(([path, contents]) => [
      path,
      typeof contents === 'string' ? contents : decoder.decode(contents),
    ]),
  );
}
