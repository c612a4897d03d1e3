import { describeMachine, describePackages } from './describeMachine';

/** Writes a line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a question, and what it is about to be answered with. */
export function printSetup(
  question: string,
  packages: readonly string[],
  setup: readonly string[],
): void {
  [
    `${question}\n`,
    ...describeMachine(),
    ...describePackages(packages),
    ...setup,
    '',
  ].forEach(print);
}

/** Writes a number without its fraction. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Writes milliseconds with as many digits as mean something. */
export function formatMs(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}

/** Writes a share of a whole in percent. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
