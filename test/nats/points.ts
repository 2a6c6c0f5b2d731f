/** The points at which a worker of the kill suite can die: with a log that it has not read, and in a step of a node. */
export const POINTS = ['read', 'take', 'process', 'commit'] as const;
