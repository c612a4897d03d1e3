import { once } from 'node:events';
import type { Knex } from 'knex';
import { nameChannel } from '../notifiers/notification';

/** Hears what replicas on PostgreSQL tell each other, with a connection of the test's own. To be closed. */
export async function openEavesdropper(knex: Knex) {
  const { rows } = await knex.raw('SELECT current_schema() AS schema');
  const channel = nameChannel(rows[0].schema);
  const connection = await knex.client.acquireRawConnection();
  const payloads: string[] = [];
  connection.on('notification', ({ payload }: { payload: string }) =>
    payloads.push(payload),
  );
  await connection.query(`LISTEN ${channel}`);
  return {
    payloads,
    /** Sends what the replicas then hear. */
    send: (payload: string) =>
      connection.query('SELECT pg_notify($1, $2)', [channel, payload]),
    /** Resolves when something that holds the text was heard. */
    async until(text: string): Promise<void> {
      while (!payloads.some(payload => payload.includes(text))) {
        await once(connection, 'notification');
      }
    },
    close: () => connection.end(),
  };
}
