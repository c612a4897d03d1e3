import fc from 'fast-check';
import type { Store } from '../../database';
import { anyInterleaving } from './Interleaving';
import type { SteppedReplicas } from './openReplicas';
import { playInterleaving } from './playInterleaving';
import { findBrokenPromises } from './rules/findBrokenPromises';

/** How many interleavings to play, and which. */
export interface PlayingOptions {
  runs: number;
  maxCommands: number;
  /** Everything random follows from it. */
  seed: number;
  /** Plays only the one at this place, such as `41`, or what it was reduced to, such as `41:0:2`. */
  path: string | undefined;
  /** Prints a line after so many. */
  progressEvery: number;
}

/** How to play one interleaving again. */
export interface Rerun {
  seed: number;
  path: string;
}

/** How much was played, and what had the most commands and the longest duration. */
export interface Longest {
  /** How many were played. */
  played: number;
  commands: Rerun & { count: number };
  duration: Rerun & { ms: number };
}

/** A shorter interleaving than the one found in this time is not worth the wait. */
const maxReducingMs = 60_000;

/**
 * Plays interleavings until one breaks a promise, which is then reduced to the shortest that does.
 *
 * @throws Error that tells the promise, the shortest interleaving, and how to play it again
 */
export async function playMany(
  store: Store,
  replicas: SteppedReplicas,
  options: PlayingOptions,
  print: (line: string) => void,
): Promise<Longest> {
  const { seed, path, runs, progressEvery } = options;
  const longest: Longest = {
    played: 0,
    commands: { seed, path: path ?? '0', count: 0 },
    duration: { seed, path: path ?? '0', ms: 0 },
  };
  let brokenAfter: number | undefined;
  let reducedUntil = Infinity;

  const result = await fc.check(
    fc.asyncProperty(
      anyInterleaving(options.maxCommands),
      fc.scheduler(),
      async (interleaving, scheduler) => {
        if (performance.now() > reducedUntil) {
          return;
        }
        const start = performance.now();
        const history = await playInterleaving(
          store,
          replicas,
          interleaving,
          scheduler,
        );
        const ms = performance.now() - start;
        const rerun = { seed, path: path ?? `${longest.played}` };
        longest.played += 1;
        const broken = findBrokenPromises(history);
        if (broken.length > 0) {
          brokenAfter ??= longest.played;
          reducedUntil = Math.min(
            reducedUntil,
            performance.now() + maxReducingMs,
          );
          throw new Error(broken.join('\n'));
        }
        if (brokenAfter === undefined) {
          const count = interleaving.commands.length;
          if (count > longest.commands.count) {
            longest.commands = { ...rerun, count };
          }
          if (ms > longest.duration.ms) {
            longest.duration = { ...rerun, ms };
          }
          if (longest.played % progressEvery === 0) {
            print(describeLongest(longest));
          }
        }
      },
    ),
    { seed, path, numRuns: path === undefined ? runs : 1 },
  );
  if (result.failed) {
    const [interleaving, scheduler] = result.counterexample ?? [];
    const { errorInstance } = result;
    throw new Error(
      [
        `Interleaving ${brokenAfter} broke a promise. Play it again, as far as it was reduced, with`,
        `  npm run test:soak -- --database ${store.dialect.name} --commands ${options.maxCommands} --seed ${result.seed} --path ${result.counterexamplePath}`,
        errorInstance instanceof Error
          ? errorInstance.message
          : String(errorInstance),
        `${interleaving?.sideBySide} side by side, ${interleaving?.maxAttempts} attempts:`,
        ...(interleaving?.commands ?? []).map(command => `  ${command}`),
        'Which began, and went on from statement to statement, in this order:',
        ...describeSchedule(String(scheduler)),
      ].join('\n'),
    );
  }
  return longest;
}

/** Names the longest interleavings so that they can be played again. */
export function describeLongest(longest: Longest): string {
  const { played, commands, duration } = longest;
  const name = ({ seed, path }: Rerun) => `seed ${seed} path ${path}`;
  return `${played} interleavings kept them; longest: ${
    commands.count
  } commands (${name(commands)}), ${Math.round(duration.ms)} ms (${name(
    duration,
  )})`;
}

/** What the scheduler prints, without the words that are the same in each line. */
function describeSchedule(text: string): string[] {
  return [...text.matchAll(/^-> \[.*?\] promise::(.*) resolved$/gm)]
    .map(([, label]) => `  ${label}`)
    .filter((label, index, labels) => label !== labels[index - 1]);
}
