import { mockCredentials } from '@backstage/backend-test-utils';
import { startPortal } from './__testUtils__/startPortal';
import { createTestStores } from './__testUtils__/stores';

const stores = createTestStores();

describe.each(stores.ids)('while the store is away, on %s', storeId => {
  it('answers with 503 at every door, and says when to come again', async () => {
    const knex = await stores.openEmpty(storeId);
    const portal = await startPortal({
      knex,
      config: {
        events: {
          publish: { timeLimit: { milliseconds: 50 } },
          http: { topics: ['t'] },
        },
      },
    });
    await knex.destroy();
    const said: { message: string }[] = [];
    const send = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${portal.url}${path}`, {
        method,
        headers: {
          authorization: mockCredentials.service.header(),
          'content-type': 'application/json',
        },
        body: body && JSON.stringify(body),
      });
      const { error } = await response.json();
      said.push(error);
      return [response.status, response.headers.get('retry-after')];
    };
    const subscription = '/subscriptions/plugin.s';
    const answers = await Promise.all([
      send('POST', '/http/t', {}),
      send('POST', '/bus/v1/events', { event: { topic: 't', payload: 1 } }),
      send('PUT', `/bus/v1${subscription}`, { topics: ['t'] }),
      send('PUT', `/bus/v2${subscription}`, { topics: ['t'] }),
      send('POST', `/bus/v2${subscription}/claims`, {
        maxEvents: 1,
        waitMs: 0,
      }),
      send('GET', '/v1/events'),
      send('GET', '/v1/events?after=beginning'),
      send('GET', '/v1/stream'),
      send('GET', '/v1/subscriptions'),
    ]);
    expect(answers).toEqual(answers.map(() => [503, '5']));
    for (const error of said) {
      expect(error).toEqual({
        name: 'ServiceUnavailableError',
        message: expect.stringMatching(
          /^(The events database is away or busy|The event was not stored within \d+ ms; the events database is away or slow)$/,
        ),
      });
    }
    await portal.stop();
  });

  it('tells nobody outside what the store said', async () => {
    const knex = await stores.openEmpty(storeId);
    const portal = await startPortal({
      knex,
      config: { events: { http: { topics: ['t'] } } },
    });
    await knex.schema.dropTable('callboard_events');
    const answers = await Promise.all(
      [
        fetch(`${portal.url}/v1/topics`, {
          headers: { authorization: mockCredentials.service.header() },
        }),
        fetch(`${portal.url}/http/t`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        }),
      ].map(async answering => {
        const answer = await answering;
        const { error } = await answer.json();
        return [answer.status, error];
      }),
    );
    const error = {
      name: 'Error',
      message: 'The events database failed; the log tells how',
    };
    expect(answers).toEqual([
      [500, error],
      [500, error],
    ]);
    await portal.stop();
  });
});
