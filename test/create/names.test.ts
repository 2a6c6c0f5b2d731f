import { problemOfName } from '../../create-plugboard/src/names.ts';
import { is, match } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const accepted = ['a', 'my-actor', 'my_actor', 'vowels2', 'x'.repeat(64), 'plugboard-demo', 'r2d2-c3-po'];

const refused: { name: string; problem: RegExp }[] = [
  { name: '', problem: /got ""$/ },
  { name: 'My Actor', problem: /got "My Actor"; did you mean "my-actor"\?$/ },
  { name: 'MyActor', problem: /did you mean "my-actor"\?$/ },
  { name: 'Zähler', problem: /did you mean "zahler"\?$/ },
  { name: '2nd', problem: /begins with a letter, got "2nd"; did you mean "nd"\?$/ },
  { name: '-x', problem: /did you mean "x"\?$/ },
  { name: 'a--b', problem: /did you mean "a-b"\?$/ },
  { name: 'a-', problem: /did you mean "a"\?$/ },
  { name: 'a.b', problem: /did you mean "a-b"\?$/ },
  { name: '@me/actor', problem: /did you mean "me-actor"\?$/ },
  { name: '数', problem: /got "数"$/ },
  { name: '__proto__', problem: /did you mean "proto"\?$/ },
  { name: 'Plugboard', problem: /got "Plugboard"$/ },
  { name: 'x'.repeat(65), problem: /at most 64 .*got "x{64}…"; did you mean "x{64}"\?$/ },
  { name: 'match', problem: /^"match" is a word of Rust; take another name, such as "my-match"$/ },
  { name: 'plugboard', problem: /^"plugboard" is a package that the project needs/ },
  { name: 'serde_json', problem: /is a package that the project needs/ },
  { name: 'node_modules', problem: /is a name of npm/ },
  { name: 'nul', problem: /is a device of Windows/ },
  { name: 'lpt9', problem: /is a device of Windows/ },
];

suite('names of new projects', test => {
  for (const name of accepted) {
    test(`${name.slice(0, 20)} is accepted`, () => is(problemOfName(name), undefined));
  }
  for (const { name, problem } of refused) {
    test(`${JSON.stringify(name.slice(0, 20))} is refused with advice`, () =>
      match(problemOfName(name) ?? '', problem));
  }
});
