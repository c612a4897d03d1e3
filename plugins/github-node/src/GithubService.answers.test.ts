import { z } from 'zod';
import {
  createService,
  startAcme,
  stopAll,
  stopLater,
} from './__testUtils__/startAcme';
import { startAnswering } from './__testUtils__/startAnswering';

afterEach(stopAll);

/** Answers every request with one body. */
async function startSaying(body: object) {
  const answering = stopLater(
    await startAnswering((_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
        .end(JSON.stringify(body)),
    ),
  );
  const { host } = answering;
  return createService({ ...answering, token: 'secret' }).forOwner({
    host,
    owner: 'acme',
  });
}

describe('a query', () => {
  it('that is answered in part is an answer, with the errors of the other part', async () => {
    const { service, host } = await startAcme();

    expect(
      await service.forOwner({ host, owner: 'acme' }).query({
        query: `query ($owner: String!) {
          site: repository(owner: $owner, name: "site") { name }
          none: repository(owner: $owner, name: "none") { name }
        }`,
        variables: { owner: 'acme' },
        schema: z.object({
          site: z.object({ name: z.string() }).nullable(),
          none: z.object({ name: z.string() }).nullable(),
        }),
      }),
    ).toEqual({
      askedAs: 'app',
      data: { site: { name: 'site' }, none: null },
      errors: [
        {
          type: 'NOT_FOUND',
          path: ['none'],
          message: expect.stringContaining('Could not resolve'),
        },
      ],
    });
  });

  it('may have variables of any name', async () => {
    const { service, host } = await startAcme();

    expect(
      await service.forOwner({ host, owner: 'acme' }).query({
        query:
          'query ($url: String!, $query: String!) { repository(owner: $url, name: $query) { name } }',
        variables: { url: 'acme', query: 'site' },
        schema: z.unknown(),
      }),
    ).toMatchObject({ data: { repository: { name: 'site' } }, errors: [] });
  });

  it.each([
    ['FORBIDDEN', 'refused'],
    ['INSUFFICIENT_SCOPES', 'refused'],
    [undefined, 'refused'],
    ['NOT_FOUND', 'missing'],
  ])('without data because of %s is %s', async (type, kind) => {
    const errors = [{ type, path: ['organization'], message: 'it is not' }];
    for (const body of [{ errors }, { data: null, errors }]) {
      const client = await startSaying(body);
      await expect(
        client.query({ query: '{ x }', variables: {}, schema: z.unknown() }),
      ).rejects.toMatchObject({
        kind,
        message: expect.stringContaining('it is not'),
      });
    }
  });

  it('whose data lacks what is wanted is what its errors say', async () => {
    const client = await startSaying({
      data: { organization: null },
      errors: [{ type: 'FORBIDDEN', message: 'by an IP allow list' }],
    });

    await expect(
      client.query({
        query: '{ x }',
        variables: {},
        schema: z.object({ organization: z.object({}) }),
      }),
    ).rejects.toMatchObject({ kind: 'refused' });
  });

  it('that GitHub does not understand is refused', async () => {
    const { service, host } = await startAcme();

    await expect(
      service.forOwner({ host, owner: 'acme' }).query({
        query: '{ nonsense }',
        variables: {},
        schema: z.unknown(),
      }),
    ).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('nonsense'),
    });
  });

  it.each([{}, { data: null }, { data: { viewer: 5 } }, { errors: 'none' }])(
    'that is answered with %j is malformed',
    async body => {
      const client = await startSaying(body);

      await expect(
        client.query({
          query: '{ x }',
          variables: {},
          schema: z.object({ viewer: z.object({}) }),
        }),
      ).rejects.toMatchObject({ kind: 'malformed', status: 200 });
    },
  );
});

describe('the REST API', () => {
  it('is read page by page', async () => {
    const { service, host, model } = await startAcme();
    for (let index = 0; index < 5; index++) {
      model.repositories.create({ owner: 'acme', name: `more-${index}` });
    }
    const client = service.forOwner({ host, owner: 'acme' });
    const schema = z.object({
      repositories: z.array(z.object({ name: z.string() })),
    });
    const names: string[] = [];
    let path: string | undefined = '/installation/repositories';
    let pages = 0;
    while (path !== undefined) {
      const page: {
        data: z.infer<typeof schema>;
        next: string | undefined;
      } = await client.get({
        path,
        parameters: pages === 0 ? { per_page: 2, page: undefined } : undefined,
        schema,
      });
      names.push(...page.data.repositories.map(({ name }) => name));
      path = page.next;
      pages += 1;
    }

    expect(pages).toBe(3);
    expect(names).toHaveLength(6);
  });

  it('says what is missing', async () => {
    const { service, host } = await startAcme();

    await expect(
      service
        .forOwner({ host, owner: 'acme' })
        .get({ path: '/repos/acme/none', schema: z.unknown() }),
    ).rejects.toMatchObject({ kind: 'missing', status: 404 });
  });

  it('does not take a brace for a template', async () => {
    const { service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });

    await expect(
      client.get({ path: '/repos/acme/{owner}', schema: z.unknown() }),
    ).rejects.toMatchObject({
      kind: 'missing',
      message: expect.stringContaining('/repos/acme/{owner}'),
    });
  });

  it.each(['https://example.com/', '//example.com/', 'user', ''])(
    'is asked for no path like "%s"',
    async path => {
      const { service, host } = await startAcme();
      const client = service.forOwner({ host, owner: 'acme' });
      const schema = z.unknown();

      await expect(client.get({ path, schema })).rejects.toMatchObject({
        kind: 'refused',
      });
      await expect(client.post({ path, schema })).rejects.toMatchObject({
        kind: 'refused',
      });
    },
  );

  it('answers what is not expected, and it is told which field', async () => {
    const { service, host } = await startAcme();

    await expect(
      service.forOwner({ host, owner: 'acme' }).get({
        path: '/repos/acme/site',
        schema: z.object({ name: z.number() }),
      }),
    ).rejects.toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('at name'),
      cause: expect.any(Error),
    });
  });

  it('is posted to', async () => {
    const { service, host, app, installation } = await startAcme();

    expect(
      await service.forApp({ host, appId: app.id }).post({
        path: `/app/installations/${installation.id}/access_tokens`,
        body: { repositories: ['site'] },
        schema: z.object({ repository_selection: z.string() }),
      }),
    ).toEqual({ repository_selection: 'selected' });
  });

  it('follows a repository to its new name', async () => {
    const { service, host, model } = await startAcme();
    model.repositories.rename('acme/site', 'page');

    expect(
      await service.forOwner({ host, owner: 'acme' }).get({
        path: '/repos/acme/site',
        schema: z.object({ full_name: z.string() }),
      }),
    ).toMatchObject({ data: { full_name: 'acme/page' } });
  });
});
