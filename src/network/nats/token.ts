/** Returns the part of a subject that stands for a port: other characters than letters, digits, `_` and `-` as `=` and four hex digits. */
export const tokenOf = (port: string): string =>
  port.replace(/[^\w-]/g, char => `=${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
