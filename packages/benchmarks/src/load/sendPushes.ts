import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import { tell, type LoadResult } from '../messages';
import type { SignedPush } from './createPush';

/** A load: so many pushes, or pushes for so long. */
export interface Load {
  url: string;
  push: SignedPush;
  connections: number;
  /** The load ends when all are answered. */
  amount?: number;
  /** The load ends when the time is up; requests under way are cut off. */
  seconds?: number;
}

const requestLimitSeconds = 30;

/** Sends a load, each push with a delivery id of its own, because a repeated one is stored once. */
async function send(load: Load): Promise<LoadResult> {
  const acknowledged: string[] = [];
  const deliveryPrefix = randomUUID().slice(0, 24);
  let deliveries = 0;
  const start = performance.now();
  let end = start;
  const running = autocannon({
    url: load.url,
    method: 'POST',
    body: load.push.body,
    headers: load.push.headers,
    connections: load.connections,
    timeout: requestLimitSeconds,
    ...(load.amount
      ? { amount: load.amount }
      : { duration: load.seconds, sampleInt: 100 }),
    setupClient(client) {
      let delivery: string;
      const next = () => {
        deliveries += 1;
        delivery = deliveryPrefix + deliveries.toString(16).padStart(12, '0');
        client.setHeaders({ 'x-github-delivery': delivery });
      };
      next();
      client.on('response', statusCode => {
        if (statusCode === 202) {
          acknowledged.push(delivery);
        }
        end = performance.now();
        next();
      });
    },
  });
  const result = await running;
  const answered = Object.values(result.statusCodeStats ?? {}).reduce(
    (sum, { count }) => sum + (count ?? 0),
    0,
  );
  return {
    acknowledged,
    deliveryPrefix,
    failures: answered - acknowledged.length + result.errors,
    seconds: (end - start) / 1_000,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

process.once('message', async (load: Load) => {
  tell({ kind: 'load', load: await send(load) });
});
process.once('disconnect', () => process.exit());
tell({ kind: 'ready' });
