import { count } from './vowels';

export function counts_the_given_letters_only(): void {
  assert(count('Hello, World!', 'aeiou') == 3);
  assert(count('Hello, World!', '') == 0);
}
