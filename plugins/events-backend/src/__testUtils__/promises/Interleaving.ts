import fc from 'fast-check';
import { anyCommand } from './commands/anyCommand';
import type { Command } from './commands/Command';

/** What is drawn at random; the order of statements is the scheduler's. */
export interface Interleaving {
  /** How many operations are under way at a time. */
  sideBySide: number;
  /** Attempts before a delivery is dead. */
  maxAttempts: number;
  commands: Command[];
}

export function anyInterleaving(
  maxCommands: number,
): fc.Arbitrary<Interleaving> {
  return fc.record({
    sideBySide: fc.integer({ min: 1, max: 4 }),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    commands: fc.array(anyCommand, { maxLength: maxCommands, size: 'max' }),
  });
}
