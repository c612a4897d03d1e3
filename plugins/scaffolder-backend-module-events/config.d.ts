import type { HumanDuration } from '@backstage/types';

/** Durations are an object such as `{ days: 5 }`, or a text such as `5 days` or `P5D`. */
export interface Config {
  scaffolder?: {
    /** How changes of tasks are told of. */
    events?: {
      /**
       * Whether they are. With false, everything that the module made in the database of the scaffolder is removed, with
       * what waits to be published. Default: true.
       */
      enabled?: boolean;
      /** What may wait in the database of the scaffolder while the events system is away. */
      outbox?: {
        /** Changes that waited for longer go, unpublished. Default: 7 days. */
        maxAge?: HumanDuration | string;
        /** The oldest of more changes than this go, unpublished. Default: 100000. */
        maxRows?: number;
      };
    };
  };
}
