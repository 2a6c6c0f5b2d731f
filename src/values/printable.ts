/**
 * Escapes control and format characters, except the tab: a foreign text may contain escape sequences, which a terminal obeys,
 * or characters that reverse the text behind them. In JSON the escaped text has the same meaning.
 */
export const printable = (text: string): string =>
  text.replace(/(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, char =>
    char
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
