import type { JsonObject } from '@backstage/types';
import type { Contestant } from './contestants/contestants';
import { startContestant } from './contestants/startContestant';
import type { DatabaseKind } from './databases/BenchmarkDatabase';
import type { SignedPush } from './load/createPush';
import { runLoad } from './load/runLoad';
import type { Workbench } from './Workbench';

/** One contestant on one database, once. */
export interface Measurement {
  contestant: string;
  database: string;
  round: number;
  /** Answers of 202 per second. */
  rate: number;
  /** Pushes per second that reached the handler meanwhile; undefined when it has none. */
  handledRate: number | undefined;
  /** Processor time of the backend's process for each push, in milliseconds. */
  cpuMs: number;
  p50Ms: number;
  p99Ms: number;
  /** What was found in the database. */
  finding: string | undefined;
}

/**
 * Measures one contestant on a database of its own.
 *
 * 1. Start the backend, and warm it up until it has compiled what is hot; count how fast it was.
 * 2. Send as many pushes as it should take in the wanted time. A number, and not a time, ends the load, so that each
 *    push is answered and the count of answers can be held against the database.
 * 3. Kill the process, so that nothing that is still in its memory can be stored late, and look into the database.
 */
export async function measureIngress(
  workbench: Workbench,
  options: {
    contestant: Contestant;
    kind: DatabaseKind;
    round: number;
    push: SignedPush;
    config: JsonObject;
    connections: number;
    seconds: number;
    warmUpSeconds: number;
    profileFolder: string | undefined;
  },
): Promise<Measurement> {
  const { contestant, kind, push, connections, seconds, warmUpSeconds } =
    options;
  const database = await kind.create(workbench);
  const backend = await startContestant(workbench, {
    module: contestant.module,
    database: database.config,
    config: options.config,
    profileFolder: options.profileFolder,
  });
  const send = (load: { amount?: number; seconds?: number }, limit: number) =>
    runLoad(
      workbench,
      {
        url: `${backend.baseUrl}/api/events/http/github`,
        push,
        connections,
        ...load,
      },
      limit * 1_000,
    );
  try {
    const warmUp = await send({ seconds: warmUpSeconds }, warmUpSeconds + 60);
    const expectedRate = warmUp.acknowledged.length / warmUp.seconds;
    const amount = Math.max(connections, Math.ceil(expectedRate * seconds));

    const before = await backend.readProgress();
    const load = await send({ amount }, seconds * 4 + 60);
    const after = await backend.readProgress();
    await backend.end(options.profileFolder ? 'SIGTERM' : 'SIGKILL');

    return {
      contestant: contestant.name,
      database: kind.name,
      round: options.round,
      rate: load.acknowledged.length / load.seconds,
      handledRate:
        after.handled > 0
          ? (after.handled - before.handled) / load.seconds
          : undefined,
      cpuMs: (after.cpuMs - before.cpuMs) / load.acknowledged.length,
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      finding: await contestant.inspect?.(database, load),
    };
  } catch (error) {
    throw new Error(
      `${contestant.name} on ${kind.name}, round ${options.round}: ${error}`,
      { cause: error },
    );
  } finally {
    await backend.end('SIGKILL');
    await database.drop();
  }
}
