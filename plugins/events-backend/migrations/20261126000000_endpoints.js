/*
 * The tables of outbound webhooks. They are private: read them through the API.
 *
 * Times are milliseconds since the epoch, so that both databases compare them alike.
 */

/** @param {import('knex').Knex} knex */
exports.up = async function up(knex) {
  await knex.schema.createTable('callboard_endpoints', table => {
    table.comment('Outside URLs at the end of subscriptions');
    table.text('id').primary();
    table
      .text('managed_by')
      .notNullable()
      .comment('Who declares it: api or config');
    table.text('settings').notNullable().comment('JSON, without secrets');
    table
      .text('signing_keys')
      .notNullable()
      .comment('JSON array: what may be shown of the keys, newest first');
    table
      .bigInteger('keys_end_at')
      .comment('When the first of its signing keys ends; null for never');
    table
      .text('secret_headers')
      .notNullable()
      .comment('JSON array of the names of headers whose values are secret');
    table
      .text('secrets')
      .comment('Sealed JSON; null where the configuration keeps them');
    table.text('owner').notNullable().comment('Out of the settings');
    table.text('state').notNullable().comment('active, paused or disabled');
    table.text('state_reason').comment('Null while it is active');
    table.text('state_by').notNullable();
    table.bigInteger('state_at').notNullable();
    table
      .bigInteger('declared_at')
      .comment('When a process last declared it; null for one of the API');
    table
      .bigInteger('start_position')
      .comment('Behind which its subscription begins; null for the end');
    table
      .uuid('revision')
      .notNullable()
      .comment('Another one after every change');
    table
      .uuid('announcement')
      .comment('Id of the event that is still to tell of its state');
    table.bigInteger('created_at').notNullable();
    table.text('created_by').notNullable();
    table.bigInteger('updated_at').notNullable();
  });
  await knex.schema.raw(
    'CREATE INDEX callboard_endpoints_keys_end_idx ON callboard_endpoints (keys_end_at) WHERE keys_end_at IS NOT NULL',
  );
  await knex.schema.raw(
    'CREATE INDEX callboard_endpoints_announcement_idx ON callboard_endpoints (announcement) WHERE announcement IS NOT NULL',
  );

  await knex.schema.createTable('callboard_endpoint_health', table => {
    table.comment(
      'What changes while an endpoint is sent events: one narrow row for each endpoint, as long as it exists',
    );
    table.text('endpoint_id').primary();
    table
      .integer('version')
      .notNullable()
      .comment('One more whenever the health is replaced or forgotten');
    table.text('health').comment('JSON; null while nothing is known');
    table
      .double('rate_free_at')
      .comment(
        'When the whole burst of the rate limit is free again; null for now',
      );
  });

  await knex.schema.createTable('callboard_endpoint_attempts', table => {
    table.comment('Each try to send one event to one endpoint');
    table.uuid('id').primary();
    table.text('endpoint_id').notNullable();
    table
      .text('message_id')
      .notNullable()
      .comment("Of the request: the event's id, or that of a batch");
    table.uuid('event_id').notNullable();
    table.bigInteger('position').notNullable();
    table.text('topic').notNullable();
    table.integer('number').notNullable();
    table.bigInteger('started_at').notNullable();
    table.integer('duration_ms').notNullable();
    table
      .text('outcome')
      .notNullable()
      .comment('delivered, failed, throttled, gone or cancelled');
    table.text('reason').notNullable();
    table.integer('status').comment('Null without an answer');
    table.text('url').notNullable();
    table.text('request_headers').notNullable().comment('JSON, masked');
    table.integer('request_bytes').notNullable();
    table.text('answer_headers').comment('JSON; null without an answer');
    table.text('answer_body').comment('Its beginning');
    table.boolean('answer_cut');
    table.index(
      ['endpoint_id', 'started_at', 'id'],
      'callboard_endpoint_attempts_endpoint_idx',
    );
    table.index(
      ['endpoint_id', 'outcome', 'started_at', 'id'],
      'callboard_endpoint_attempts_outcome_idx',
    );
    table.index(['event_id'], 'callboard_endpoint_attempts_event_idx');
    table.index(['started_at', 'id'], 'callboard_endpoint_attempts_time_idx');
  });

  await knex.schema.createTable('callboard_endpoint_replays', table => {
    table.comment('Events of the past that an endpoint is sent on request');
    table.uuid('id').primary();
    table.text('endpoint_id').notNullable();
    table.text('query').notNullable().comment('JSON: which events');
    table
      .text('state')
      .notNullable()
      .comment('running, done, cancelled or failed');
    table
      .bigInteger('total')
      .notNullable()
      .comment('Events that were counted before it began');
    table.bigInteger('looked_at').notNullable();
    table.bigInteger('owed').notNullable();
    table
      .bigInteger('place')
      .notNullable()
      .comment('Position up to which it is done');
    table
      .bigInteger('up_to')
      .notNullable()
      .comment('The last position that it takes');
    table.text('error');
    table.text('created_by').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at').notNullable();
    table.index(
      ['state', 'updated_at'],
      'callboard_endpoint_replays_state_idx',
    );
    table.index(
      ['endpoint_id', 'created_at'],
      'callboard_endpoint_replays_endpoint_idx',
    );
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  for (const table of [
    'callboard_endpoint_replays',
    'callboard_endpoint_attempts',
    'callboard_endpoint_health',
    'callboard_endpoints',
  ]) {
    await knex.schema.dropTable(table);
  }
};
