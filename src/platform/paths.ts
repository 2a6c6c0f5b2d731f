// Rules for paths that differ between systems. The system is a parameter, so that the tests of every system run all of them.

/** A value of `process.platform`. */
export type System = string;

const isWindows = (system: System) => system === 'win32';

/** Windows also separates names by "\", names streams after a colon, and drops dots and spaces at the end. */
const WINDOWS_MARKS = /[\\/:\0]|[. ]$/;
/** Devices of Windows, which stand in every folder, with any ending (https://learn.microsoft.com/windows/win32/fileio/naming-a-file). */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\.|$)/i;

/** Whether a name means a file of its folder, and not a place elsewhere. */
export const isFileName = (name: string, system: System): boolean =>
  isWindows(system) ? !WINDOWS_MARKS.test(name) && !WINDOWS_DEVICE.test(name) : !/[/\0]/.test(name);

/** The drive of a path: `C:\` or `C:/`, also behind `\\?\`. On other systems a colon after a letter separates as elsewhere. */
const DRIVE = /^(?:[\\/]{2}[?.][\\/])?[a-z]:(?=[\\/])/i;

/** Splits a text at its first colon; one behind the letter of a drive is a part of the path. */
export function splitAtColon(text: string, system: System): [before: string, after: string | undefined] {
  const drive = (isWindows(system) && DRIVE.exec(text)?.[0]) || '';
  const end = text.indexOf(':', drive.length);
  return end < 0 ? [text, undefined] : [text.slice(0, end), text.slice(end + 1)];
}

/**
 * Returns a key for a path of a file that does not exist yet: equal for paths that may become one file. Windows and macOS take
 * letters of both cases for one name, and macOS both forms of a letter with an accent.
 */
export const keyOfPath = (absolute: string, system: System): string =>
  isWindows(system) || system === 'darwin' ? absolute.normalize('NFC').toLowerCase() : absolute;

/** The URL of a file, as users write it: `file:///a`, `FILE:///a` or `file:/a`. */
export const isFileUrl = (text: string): boolean => /^file:\//i.test(text);
