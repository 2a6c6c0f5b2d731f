import { checkJsonText, randomJsonText } from '../contract/json-texts.ts';
import type { Target } from './target.ts';

export const json: Target<string> = {
  name: 'json',
  make: randomJsonText,
  check: text => void checkJsonText(text),
};
