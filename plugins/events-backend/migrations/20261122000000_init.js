/*
 * The tables of Callboard's events backend. They are private: read them through the API.
 *
 * Times are milliseconds since the epoch, so that both databases compare them alike.
 */

/** @param {import('knex').Knex} knex */
exports.up = async function up(knex) {
  await knex.schema.createTable('callboard_log', table => {
    table.comment('One row: where the log begins and ends');
    table.integer('id').primary();
    table
      .bigInteger('tail')
      .notNullable()
      .comment('Position of the newest event');
    table
      .bigInteger('head')
      .notNullable()
      .comment('Positions up to this one are trimmed');
    table
      .bigInteger('tail_time')
      .notNullable()
      .comment('Time of the newest event');
  });
  await knex('callboard_log').insert({ id: 1, tail: 0, head: 0, tail_time: 0 });

  await knex.schema.createTable('callboard_events', table => {
    table.comment('The log: every event, in the order of positions');
    table.bigInteger('position').primary();
    table.uuid('id').notNullable().unique();
    table.text('topic').notNullable();
    table.text('key');
    table.text('deduplication_id').comment("The sender's delivery id");
    table
      .bigInteger('time')
      .notNullable()
      .comment('Never decreases with the position');
    table.integer('size').notNullable().comment('Bytes of the payload');
    table
      .bigInteger('content_position')
      .notNullable()
      .comment('Where its content is; the same for an event and its subtopics');
    table.index(['topic', 'position'], 'callboard_events_topic_idx');
  });
  await knex.schema.raw(
    'CREATE UNIQUE INDEX callboard_events_deduplication_idx ON callboard_events (topic, deduplication_id) WHERE deduplication_id IS NOT NULL',
  );
  await knex.schema.raw(
    'CREATE INDEX callboard_events_key_idx ON callboard_events (key, position) WHERE key IS NOT NULL',
  );

  await knex.schema.raw(
    'CREATE INDEX callboard_events_sharing_idx ON callboard_events (content_position) WHERE content_position <> position',
  );

  await knex.schema.createTable('callboard_contents', table => {
    table.comment(
      'What events carry, stored once for an event and its subtopics',
    );
    table
      .bigInteger('position')
      .primary()
      .comment(
        'Of the last event that has this content, so that it is trimmed with that one',
      );
    table
      .text('payload')
      .notNullable()
      .comment('JSON text, written from the value that came');
    table.text('metadata').notNullable().comment('JSON text');
  });
  await compressWithLz4(knex);

  await knex.schema.createTable('callboard_subscriptions', table => {
    table.comment('Who reads the log, and how far each has read');
    table.text('id').primary();
    table
      .bigInteger('cursor')
      .notNullable()
      .comment('Everything up to here is claimed, handled or owed');
    table.bigInteger('created_at').notNullable();
    table
      .bigInteger('heartbeat_at')
      .notNullable()
      .comment('When a reader last asked');
    table.text('last_error');
    table.bigInteger('last_error_at');
    table
      .text('retry')
      .comment('JSON: what it says about retries; null for what is configured');
    table
      .bigInteger('expires_after')
      .comment(
        'Time without a reader until it goes; null for what is configured',
      );
    table
      .uuid('wish')
      .notNullable()
      .comment('Another one whenever a topic is added or ended');
  });

  await knex.schema.createTable('callboard_subscription_topics', table => {
    table.comment(
      'Which topics a subscription wants, and from where to where in the log',
    );
    table.text('subscription_id').notNullable();
    table.text('topic').notNullable();
    table.bigInteger('from_position').notNullable().comment('Exclusive');
    table
      .bigInteger('to_position')
      .comment('Inclusive; null while the topic is wanted');
    table
      .bigInteger('wanted_at')
      .notNullable()
      .comment('When a process last said that it wants the topic');
    table.primary(['subscription_id', 'topic', 'from_position']);
    table.index(['topic'], 'callboard_subscription_topics_topic_idx');
  });

  await knex.schema.createTable('callboard_batches', table => {
    table.comment('Claims that are not settled yet');
    table.uuid('ticket').primary();
    table.text('subscription_id').notNullable();
    table.text('positions').notNullable().comment('JSON array');
    table.bigInteger('first_position').notNullable();
    table.text('keys').notNullable().comment('JSON array of the distinct keys');
    table.bigInteger('claimed_at').notNullable();
    table.bigInteger('leased_until').notNullable();
    table.index(['subscription_id'], 'callboard_batches_subscription_idx');
    table.index(['leased_until'], 'callboard_batches_lease_idx');
  });

  await knex.schema.createTable('callboard_deliveries', table => {
    table.comment(
      'Events owed to a subscription: failed, blocked behind a failed one, or asked for again',
    );
    table.text('subscription_id').notNullable();
    table.bigInteger('position').notNullable();
    table.uuid('event_id').notNullable();
    table.text('topic').notNullable();
    table.text('key');
    table.integer('size').notNullable().comment('Bytes of the payload');
    table
      .text('state')
      .notNullable()
      .comment('due, blocked, claimed, delivered or dead');
    table
      .integer('attempts')
      .notNullable()
      .comment('Counted since the event was last asked for');
    table.bigInteger('due_at').notNullable();
    table.text('last_error');
    table.bigInteger('updated_at').notNullable();
    table.primary(['subscription_id', 'position']);
    table.index(
      ['subscription_id', 'state', 'due_at'],
      'callboard_deliveries_due_idx',
    );
    table.index(
      ['state', 'position', 'subscription_id'],
      'callboard_deliveries_state_idx',
    );
    table.index(['state', 'updated_at'], 'callboard_deliveries_updated_idx');
    table.index(['position'], 'callboard_deliveries_position_idx');
  });
  await knex.schema.raw(
    'CREATE INDEX callboard_deliveries_key_idx ON callboard_deliveries (subscription_id, key, state, position) WHERE key IS NOT NULL',
  );

  await knex.schema.createTable('callboard_attempts', table => {
    table.comment(
      'Each try of an owed event; the first try of one that failed included',
    );
    table.text('subscription_id').notNullable();
    table.bigInteger('position').notNullable();
    table.integer('number').notNullable();
    table.bigInteger('time').notNullable();
    table.text('outcome').notNullable().comment('delivered, failed or lapsed');
    table.integer('duration_ms');
    table.text('error');
    table.primary(['subscription_id', 'position', 'number']);
    table.index(['position'], 'callboard_attempts_position_idx');
  });

  if (knex.client.config.client === 'pg') {
    await createAppendFunction(knex);
    await createReadingFunctions(knex);
  }
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  if (knex.client.config.client === 'pg') {
    for (const name of [
      'callboard_append',
      'callboard_claim',
      'callboard_settle',
      'callboard_owes_now',
      'callboard_owes_keys',
    ]) {
      await knex.schema.raw(`DROP FUNCTION ${name}`);
    }
  }
  for (const table of [
    'callboard_attempts',
    'callboard_deliveries',
    'callboard_batches',
    'callboard_subscription_topics',
    'callboard_subscriptions',
    'callboard_contents',
    'callboard_events',
    'callboard_log',
  ]) {
    await knex.schema.dropTable(table);
  }
};

/**
 * Lets PostgreSQL compress contents with LZ4 where it was built with it: its own method costs several times more, and
 * most of what an append costs the server.
 *
 * @param {import('knex').Knex} knex
 */
async function compressWithLz4(knex) {
  if (knex.client.config.client !== 'pg') {
    return;
  }
  const { rows } = await knex.raw(
    "SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)",
  );
  if (rows.length > 0) {
    await knex.schema.raw(
      'ALTER TABLE callboard_contents ALTER COLUMN payload SET COMPRESSION lz4',
    );
  }
}

/**
 * Makes the function that appends events on PostgreSQL, called by `log/operations/appendByFunction.ts`, which tells what
 * it does. A function, because the server keeps its plan: to plan the statement took a third of an append of 16 events.
 * A prepared statement would do the same, but not behind a pooler that hands out another session for each transaction.
 *
 * `ON CONFLICT` looks into each unique index before it inserts. Conflicts are rare, so events are inserted without it
 * first, which takes a fifth less time. Contents come as bytes, one after the other: texts in an array have to be quoted
 * by the sender and read letter by letter by the server.
 *
 * Replaces one that stayed behind when somebody dropped the tables by hand.
 *
 * @param {import('knex').Knex} knex
 */
async function createAppendFunction(knex) {
  await knex.schema.raw(`
    CREATE OR REPLACE FUNCTION callboard_append(
      ids uuid[], topics text[], keys text[], deduplication_ids text[], sizes integer[], content_places integer[],
      contents bytea, places integer[], payload_sizes integer[], metadata_sizes integer[]
    ) RETURNS bigint[] LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    DECLARE
      amount constant integer := cardinality(ids);
      start bigint;
      now_ms bigint;
      appended bigint[];
      carried integer[] := places;
    BEGIN
      UPDATE callboard_log
      SET tail = tail + amount,
        tail_time = greatest(tail_time, (extract(epoch from clock_timestamp()) * 1000)::bigint)
      WHERE id = 1
      RETURNING tail - amount, tail_time INTO start, now_ms;

      BEGIN
        INSERT INTO callboard_events
          (position, id, topic, key, deduplication_id, time, size, content_position)
        SELECT start + e.place, e.id, e.topic, nullif(e.key, ''), nullif(e.deduplication_id, ''),
          now_ms, e.size, start + e.content_place
        FROM unnest(ids, topics, keys, deduplication_ids, sizes, content_places)
          WITH ORDINALITY AS e (id, topic, key, deduplication_id, size, content_place, place);
        appended := ARRAY(SELECT start + place FROM generate_series(1, amount) AS place);
      EXCEPTION WHEN unique_violation THEN
        WITH inserted AS (
          INSERT INTO callboard_events
            (position, id, topic, key, deduplication_id, time, size, content_position)
          SELECT start + e.place, e.id, e.topic, nullif(e.key, ''), nullif(e.deduplication_id, ''),
            now_ms, e.size, start + e.content_place
          FROM unnest(ids, topics, keys, deduplication_ids, sizes, content_places)
            WITH ORDINALITY AS e (id, topic, key, deduplication_id, size, content_place, place)
          ORDER BY e.place
          ON CONFLICT DO NOTHING
          RETURNING position
        )
        SELECT array_agg(inserted.position ORDER BY place),
          array_agg(content_places[place]) FILTER (WHERE inserted.position IS NOT NULL)
        INTO appended, carried
        FROM generate_series(1, amount) AS place LEFT JOIN inserted ON inserted.position = start + place;
      END;

      INSERT INTO callboard_contents (position, payload, metadata)
      SELECT start + c.place,
        convert_from(substr(contents, (c.finish - c.metadata_size - c.payload_size + 1)::integer, c.payload_size), 'UTF8'),
        convert_from(substr(contents, (c.finish - c.metadata_size + 1)::integer, c.metadata_size), 'UTF8')
      FROM (
        SELECT place, payload_size, metadata_size,
          sum(payload_size + metadata_size) OVER (ORDER BY place) AS finish
        FROM unnest(places, payload_sizes, metadata_sizes) AS every (place, payload_size, metadata_size)
      ) AS c
      WHERE c.place = ANY (carried);
      RETURN appended;
    END $$`);
}

/**
 * Makes the functions by which a reader claims and settles in one statement where there is nothing to it: see
 * `subscriptions/operations/claimUncontended.ts` and `settleDelivered.ts`, and for what is owed
 * `deliveries/DeliveryPool.ts`. With eleven statements for a batch, reading took more of two processors than appending
 * and handling together, and an event waited three milliseconds for its handler.
 *
 * Each statement of such a function sees what was committed before it began, as in a transaction of single statements:
 * so the subscription is locked first, and everything else is looked at behind the lock.
 *
 * What is owed is looked up by a plan that is made each time, which takes 25 µs: the server would keep one, and one that
 * was made while there were no deliveries reads all of them once there are many. `LIMIT` in a subquery lets each key be
 * looked up by itself: as a join it would be planned by numbers that the server does not have yet.
 *
 * What else these functions ask for has an index, and their plans are kept from when the tables were small: hence
 * `enable_seqscan = off`, or a table of batches that grows between two vacuums would be read whole.
 *
 * A settlement does not wait for the disk: if the server crashes before it is there, the batch is still open, lapses,
 * and its events are delivered again. A later claim cannot be on disk without it. A claim does wait: forgotten in a crash
 * that its reader does not notice, its events would be handled by two at once.
 *
 * @param {import('knex').Knex} knex
 */
async function createReadingFunctions(knex) {
  await knex.schema.raw(`
    CREATE OR REPLACE FUNCTION callboard_owes_now(subscription text, now_ms bigint)
    RETURNS boolean LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
    BEGIN
      RETURN EXISTS (
        SELECT FROM callboard_deliveries
        WHERE subscription_id = subscription AND state = 'due' AND due_at <= now_ms
      );
    END $$`);
  await knex.schema.raw(`
    CREATE OR REPLACE FUNCTION callboard_owes_keys(subscription text, keys text[])
    RETURNS boolean LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
    BEGIN
      RETURN EXISTS (
        SELECT FROM unnest(keys) AS wanted (key), LATERAL (
          SELECT FROM callboard_deliveries AS d
          WHERE d.subscription_id = subscription AND d.key = wanted.key
            AND d.state IN ('due', 'blocked', 'claimed')
          LIMIT 1
        ) AS owed
      );
    END $$`);
  await knex.schema.raw(`
    CREATE OR REPLACE FUNCTION callboard_claim(
      subscription text, cursor_before bigint, wish_before uuid, cursor_after bigint,
      new_ticket uuid, new_positions text, new_first_position bigint, new_keys text[], lease_ms bigint
    ) RETURNS text LANGUAGE plpgsql SET enable_seqscan = off AS $$
    DECLARE
      now_ms bigint;
    BEGIN
      PERFORM FROM callboard_subscriptions
      WHERE id = subscription AND "cursor" = cursor_before AND wish = wish_before
      FOR UPDATE;
      IF NOT FOUND THEN
        RETURN 'moved';
      END IF;
      now_ms := extract(epoch from clock_timestamp()) * 1000;
      IF callboard_owes_now(subscription, now_ms) THEN
        RETURN 'contended';
      END IF;
      IF cardinality(new_keys) > 0 AND (
        callboard_owes_keys(subscription, new_keys)
        OR EXISTS (
          SELECT FROM callboard_batches AS b, json_array_elements_text(b.keys::json) AS held (key)
          WHERE b.subscription_id = subscription AND held.key = ANY (new_keys)
        )
      ) THEN
        RETURN 'contended';
      END IF;
      UPDATE callboard_subscriptions SET "cursor" = cursor_after, heartbeat_at = now_ms
      WHERE id = subscription;
      INSERT INTO callboard_batches
        (ticket, subscription_id, positions, first_position, keys, claimed_at, leased_until)
      VALUES (
        new_ticket, subscription, new_positions, new_first_position, array_to_json(new_keys)::text,
        now_ms, now_ms + lease_ms
      );
      RETURN 'claimed';
    END $$`);
  await knex.schema.raw(`
    CREATE OR REPLACE FUNCTION callboard_settle(subscription text, old_ticket uuid, old_keys text[])
    RETURNS text LANGUAGE plpgsql SET enable_seqscan = off AS $$
    BEGIN
      PERFORM set_config('synchronous_commit', 'off', true);
      PERFORM FROM callboard_subscriptions WHERE id = subscription FOR UPDATE;
      IF cardinality(old_keys) > 0 AND callboard_owes_keys(subscription, old_keys) THEN
        RETURN 'contended';
      END IF;
      DELETE FROM callboard_batches WHERE ticket = old_ticket;
      IF NOT FOUND THEN
        RETURN 'lapsed';
      END IF;
      RETURN 'settled';
    END $$`);
}
