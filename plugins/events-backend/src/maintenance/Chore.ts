/** Something that keeps the store tidy: small, bounded, and safe to run on every replica at once. */
export interface Chore {
  /** Of the scheduled task, in kebab case. */
  id: string;
  intervalMs: number;
  /** Before the first run; gives returning subscribers time to say that they are alive. */
  initialDelayMs: number;
  run(): Promise<void>;
}
