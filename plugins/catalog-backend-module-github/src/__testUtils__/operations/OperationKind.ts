import type { Playground } from './Playground';

/** Something that people do on GitHub. */
export interface OperationKind {
  name: string;
  /** How often it is done, compared with the others. */
  weight: number;
  /** Whether the followed repositories become more or fewer. */
  growth?: 'more' | 'fewer';
  /** @returns what it was done to; nothing if there is nothing that it could be done to */
  perform(playground: Playground): string | undefined;
}
