/** Quotes a word for a shell: that of POSIX, or cmd.exe. */
export const shellWord = (word: string, platform: string = process.platform): string =>
  platform === 'win32'
    ? /^[\w@%+=:,.\\/-]+$/.test(word)
      ? word
      : `"${word}"`
    : /^[\w@%+=:,./-]+$/.test(word)
      ? word
      : `'${word.replaceAll("'", `'\\''`)}'`;
