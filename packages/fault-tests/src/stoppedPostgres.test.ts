import createKnex from 'knex';
import { PortalProcess } from './PortalProcess';
import { postPush, PushLoad } from './PushLoad';
import {
  describeWithPostgresTools,
  ThrowawayPostgres,
} from './ThrowawayPostgres';

const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

describeWithPostgresTools('a portal whose PostgreSQL server stops', tools => {
  it('answers 503 with Retry-After within 5 s, goes on by itself, and keeps every event it answered with 202', async () => {
    const postgres = await ThrowawayPostgres.create(tools);
    disposables.unshift(postgres);
    await postgres.start();
    const portal = await PortalProcess.create(postgres.connection);
    disposables.unshift(portal);
    await portal.start();

    const load = new PushLoad(portal.url, portal.secret, 8);
    disposables.unshift(load);
    const waitForAccepted = async (count: number) => {
      while (load.accepted.length < count) {
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    };

    for (let outage = 0; outage < 3; outage++) {
      await waitForAccepted(load.accepted.length + 50);
      await postgres.crash();
      const refused = await Promise.all(
        Array.from({ length: 20 }, () => postPush(portal.url, portal.secret)),
      );
      for (const { status, retryAfter, durationMs } of refused) {
        expect(status).toBe(503);
        expect(Number(retryAfter)).toBeGreaterThan(0);
        expect(durationMs).toBeLessThan(5_000);
      }
      await postgres.start();
      await waitForAccepted(load.accepted.length + 50);
    }
    await load.dispose();
    expect(new Set(load.answers.map(({ status }) => status))).toEqual(
      new Set([202, 503]),
    );

    const log = createKnex({ client: 'pg', connection: postgres.connection });
    const stored: { id: string; topic: string; deduplication_id: string }[] =
      await log('events.callboard_events').select(
        'id',
        'topic',
        'deduplication_id',
      );
    await log.destroy();
    const deliveries = new Set(stored.map(row => row.deduplication_id));
    expect(load.accepted.filter(id => !deliveries.has(id))).toEqual([]);

    const missing = () => {
      const handled = new Set(portal.readHandled().map(({ id }) => id));
      return stored.filter(({ id }) => !handled.has(id));
    };
    while (missing().length > 0) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    const handled = portal.readHandled();
    process.stdout.write(
      `3 outages, ${load.accepted.length} answered with 202, ${
        stored.length
      } events stored, ${
        handled.length - new Set(handled.map(({ id }) => id)).size
      } delivered more than once\n`,
    );
  }, 600_000);
});
