/** Returns how many letters of `text` are among `vowels`. */
export function count(text: string, vowels: string): i32 {
  let found = 0;
  for (let index = 0; index < text.length; index++) {
    if (vowels.includes(text.charAt(index))) found++;
  }
  return found;
}
