import { Config, Host } from '@extism/as-pdk';
import './abort';
import { count } from './vowels';

/** Counts the vowels of its input. The config value `vowels` replaces the letters that count. */
export function count_vowels(): i32 {
  const vowels = Config.get('vowels');
  const found = count(Host.inputString(), vowels === null ? 'aeiouAEIOU' : vowels);
  Host.outputString(`{"count":${found}}`);
  return 0;
}
