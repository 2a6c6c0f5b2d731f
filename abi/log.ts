/**
 * Log levels with the numbers that `get_log_level` returns. A message is logged when its number is at least that of the set
 * level.
 */
export const LOG_LEVELS = { trace: 0, debug: 1, info: 2, warn: 3, error: 4, silent: 0x7fffffff } as const;

export type LogLevel = keyof typeof LOG_LEVELS;
export type MessageLevel = Exclude<LogLevel, 'silent'>;
