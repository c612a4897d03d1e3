import type { Knex } from 'knex';

/** Ends the announcement of an endpoint, once its event is in the log; another one that has come meanwhile stays. */
export async function endAnnouncement(
  knex: Knex,
  id: string,
  eventId: string,
): Promise<void> {
  await knex('callboard_endpoints')
    .where({ id, announcement: eventId })
    .update({ announcement: null });
}
