import {
  GithubModel,
  type GithubWebhook,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import examples from '@octokit/webhooks-examples';
import fc from 'fast-check';
import { Minimatch } from 'minimatch';
import { hintSchema, type Hint, type Reading } from './Hint';
import { hintTopics, readEvent, type Follower } from './readEvent';

function follow(
  settings: Partial<Follower['settings']> = {},
  catalogPath: string = 'catalog-info.yaml',
): Follower {
  return {
    settings: {
      host: 'github.com',
      source: { kind: 'owner', login: 'Codertocat' },
      branch: undefined,
      ...settings,
    },
    catalogFiles: new Minimatch(catalogPath),
  };
}

/** GitHub's own examples of an event. */
function listExamples(topic: string): object[] {
  return examples.flatMap(({ name, examples: payloads }) =>
    `github.${name}` === topic ? payloads : [],
  );
}

const listActions = (topic: string, action: string) =>
  listExamples(topic).filter(
    example => 'action' in example && example.action === action,
  );

function listHints(reading: Reading): Hint[] {
  if (reading.kind === 'passed over') {
    throw new Error(`It was passed over: ${reading.reason}`);
  }
  return reading.hints;
}

function readPush(reading: Reading) {
  const [{ push }] = listHints(reading);
  if (!push) {
    throw new Error('There is no push in it');
  }
  return push;
}

/** A GitHub in memory with `acme/site`, and what it tells of what is done to it. */
function startModel() {
  const model = new GithubModel({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
  model.setOrigin('https://github.com');
  model.addOrganization('acme');
  model.addHook('acme', { url: 'http://hook.localhost', secret: 'secret' });
  const repository = model.repositories.create({
    owner: 'acme',
    name: 'site',
    files: { 'catalog-info.yaml': 'kind: Component' },
  });
  const tell = (
    operation: () => unknown,
    follower: Follower = follow({ source: { kind: 'owner', login: 'acme' } }),
  ): Reading[] => {
    const webhooks: GithubWebhook[] = [];
    const end = model.onWebhook(webhook => webhooks.push(webhook));
    operation();
    end();
    return webhooks
      .filter(({ event }) =>
        hintTopics.some(each => each === `github.${event}`),
      )
      .map(({ event, payload }) =>
        readEvent(
          `github.${event}`,
          JSON.parse(JSON.stringify(payload)),
          follower,
        ),
      );
  };
  const tellOfPush = (
    push: Parameters<typeof model.branches.push>[1],
    follower?: Follower,
  ) => tell(() => model.branches.push('acme/site', push), follower)[0];
  return { model, repository, tell, tellOfPush };
}

describe('what is read of events', () => {
  it.each(
    hintTopics.flatMap(topic =>
      listExamples(topic).map((example, index) => ({ topic, example, index })),
    ),
  )(
    'is something of example $index that GitHub gives of $topic',
    ({ topic, example }) => {
      const reading = readEvent(topic, example, follow());
      expect(JSON.stringify(reading)).not.toContain(
        'is not as GitHub makes it',
      );
    },
  );

  it('is one or another of each kind of event', () => {
    expect(hintTopics.map(topic => listExamples(topic).length)).toEqual([
      7, 13, 7, 3,
    ]);
    for (const topic of hintTopics) {
      const kinds = listExamples(topic).map(
        example => readEvent(topic, example, follow()).kind,
      );
      expect(kinds).toContain(
        topic === 'github.installation' ? 'owners' : 'hints',
      );
    }
  });

  it.each(hintTopics)('is nothing of another host (%s)', topic => {
    for (const example of listExamples(topic)) {
      expect(
        readEvent(topic, example, follow({ host: 'github.example.com' })),
      ).toMatchObject({
        kind: 'passed over',
        reason: 'it is of github.com, and github.example.com is followed',
      });
    }
  });

  it('is nothing of other topics', () => {
    expect(readEvent('github.issues', {}, follow())).toEqual({
      kind: 'passed over',
      reason: 'this provider reads nothing of github.issues',
    });
  });

  it('names what is wrong with a payload, and nothing of its contents', () => {
    expect(
      readEvent(
        'github.installation',
        { action: 'created', installation: 'secret' },
        follow(),
      ),
    ).toEqual({
      kind: 'passed over',
      reason: expect.stringMatching(
        /^the payload is not as GitHub makes it: installation: (?!.*secret)/,
      ),
    });
  });

  it('is of which repository it is when anything else is odd, so that GitHub is asked', () => {
    const [push] = listExamples('github.push');
    const path = 'a'.repeat(5_000);
    for (const commits of ['all of them', [{ id: 'a', added: [path] }]]) {
      expect(
        listHints(readEvent('github.push', { ...push, commits }, follow())),
      ).toEqual([
        {
          nodeId: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
          owner: 'Codertocat',
          fullName: 'Codertocat/Hello-World',
          saysGone: false,
        },
      ]);
    }
  });

  it('never throws, and can be stored, whatever the payload is', () => {
    const parts = fc.oneof(fc.jsonValue(), fc.anything());
    const topics = fc.constantFrom(...hintTopics, 'github', '');
    const altered = topics.chain(topic => {
      const known = listExamples(topic);
      return known.length === 0
        ? fc.tuple(fc.constant(topic), parts)
        : fc.tuple(
            fc.constant(topic),
            fc
              .tuple(
                fc.constantFrom(...known),
                fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), parts), {
                  maxLength: 3,
                }),
              )
              .map(([example, changes]) =>
                changes.reduce<unknown>(
                  (payload, [depth, first, second, part]) =>
                    replacePart(
                      payload,
                      [first, second].slice(depth % 2),
                      part,
                    ),
                  example,
                ),
              ),
          );
    });
    fc.assert(
      fc.property(
        fc.oneof(altered, fc.tuple(topics, parts)),
        fc.constantFrom(
          follow(),
          follow({ branch: 'master' }),
          follow({ source: { kind: 'app', appId: 1 } }, '**/*.md'),
        ),
        ([topic, payload], follower) => {
          const reading = readEvent(topic, payload, follower);
          if (reading.kind === 'passed over') {
            expect(reading.reason).not.toBe('');
          } else {
            for (const hint of reading.hints) {
              expect(
                hintSchema.parse(JSON.parse(JSON.stringify(hint))),
              ).toEqual(hint);
            }
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

/** Puts something into the place of a part of a payload. */
function replacePart(
  payload: unknown,
  path: readonly number[],
  part: unknown,
): unknown {
  if (path.length === 0) {
    return part;
  }
  if (typeof payload !== 'object' || payload === null) {
    return payload;
  }
  const [index, ...rest] = path;
  const entries: [string, unknown][] = Object.entries(payload);
  const place = entries[index % Math.max(1, entries.length)];
  if (!place) {
    return payload;
  }
  const [name, value] = place;
  const replaced = replacePart(value, rest, part);
  return Array.isArray(payload)
    ? payload.map((each, at) => (String(at) === name ? replaced : each))
    : { ...payload, [name]: replaced };
}

describe('a push', () => {
  it('to the default branch is a hint at its repository', () => {
    const push = listExamples('github.push').find(
      example => 'ref' in example && example.ref === 'refs/heads/master',
    );
    expect(readEvent('github.push', push, follow())).toEqual({
      kind: 'hints',
      hints: [
        {
          nodeId: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
          owner: 'Codertocat',
          fullName: 'Codertocat/Hello-World',
          saysGone: false,
          push: {
            branch: 'master',
            after: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
            isForced: false,
            isComplete: true,
            addsOrRemoves: false,
            modifies: false,
            paths: ['README.md'],
            pushedAtMs: 1_557_933_657_000,
          },
        },
      ],
    });
  });

  it('tells where it begins and ends, which files it touches, and when it was', () => {
    const { model, repository, tellOfPush } = startModel();
    const before = model.repositories.get('acme/site').git.branches.get('main');
    const reading = tellOfPush({
      commits: [
        { files: { 'catalog-info.yaml': 'kind: System', 'a.md': 'a' } },
        { files: { 'a.md': null, 'b.md': 'b' } },
      ],
    });
    expect(listHints(reading)).toEqual([
      {
        nodeId: repository.nodeId,
        owner: 'acme',
        fullName: 'acme/site',
        saysGone: false,
        push: {
          branch: 'main',
          before,
          after: model.repositories.get('acme/site').git.branches.get('main'),
          isForced: false,
          isComplete: true,
          addsOrRemoves: false,
          modifies: true,
          paths: ['catalog-info.yaml', 'a.md', 'b.md'],
          pushedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
        },
      },
    ]);
  });

  it('adds or removes a catalog file also when it does both', () => {
    const { tellOfPush } = startModel();
    const changes = [
      { files: { 'other.md': 'x' } },
      { files: { 'catalog-info.yaml': null } },
      { files: { 'catalog-info.yaml': 'kind: Component' } },
    ];
    expect(readPush(tellOfPush({ commits: changes }))).toMatchObject({
      addsOrRemoves: true,
      modifies: false,
    });
    expect(
      readPush(tellOfPush({ commits: [{ files: { 'x.md': '1' } }] })),
    ).toMatchObject({ addsOrRemoves: false, modifies: false });
  });

  it('changes the files that wildcards of the catalog path stand for', () => {
    const { tellOfPush } = startModel();
    const follower = follow(
      { source: { kind: 'owner', login: 'acme' } },
      'services/*/catalog-info.yaml',
    );
    const touch = (path: string) =>
      readPush(
        tellOfPush({ commits: [{ files: { [path]: 'kind: API' } }] }, follower),
      ).addsOrRemoves;
    expect(touch('services/one/catalog-info.yaml')).toBe(true);
    expect(touch('services/one/deep/catalog-info.yaml')).toBe(false);
    expect(touch('services/catalog-info.yaml')).toBe(false);
  });

  it('to another branch is passed over', () => {
    const { tellOfPush } = startModel();
    expect(
      tellOfPush({ branch: 'feature', commits: [{ files: { 'a.md': 'a' } }] }),
    ).toEqual({
      kind: 'passed over',
      reason: 'it went to refs/heads/feature, and the branch main is followed',
      fullName: 'acme/site',
    });
  });

  it('to the branch of the settings is followed, and to the default branch then is not', () => {
    const { tellOfPush } = startModel();
    const follower = follow({
      source: { kind: 'owner', login: 'acme' },
      branch: 'release',
    });
    const commits = [{ files: { 'a.md': 'a' } }];
    expect(
      readPush(tellOfPush({ branch: 'release', commits }, follower)).branch,
    ).toBe('release');
    expect(
      tellOfPush({ commits: [{ files: { 'b.md': 'b' } }] }, follower).kind,
    ).toBe('passed over');
  });

  it('of a tag is passed over, also when it is called as the branch is', () => {
    const [tag] = listExamples('github.push');
    expect(readEvent('github.push', tag, follow())).toMatchObject({
      kind: 'passed over',
      reason:
        'it went to refs/tags/simple-tag, and the branch master is followed',
    });
    expect(
      readEvent('github.push', { ...tag, ref: 'refs/tags/master' }, follow())
        .kind,
    ).toBe('passed over');
  });

  it('that makes the branch begins nowhere, and one that deletes it ends nowhere', () => {
    const { model, tell, tellOfPush } = startModel();
    const follower = follow({
      source: { kind: 'owner', login: 'acme' },
      branch: 'release',
    });
    const made = readPush(
      tellOfPush(
        { branch: 'release', commits: [{ files: { 'a.md': 'a' } }] },
        follower,
      ),
    );
    expect(made.before).toBeUndefined();
    expect(made.after).toBeDefined();
    const [reading] = tell(
      () => model.branches.delete('acme/site', 'release'),
      follower,
    );
    const deleted = readPush(reading);
    expect(deleted.before).toBe(made.after);
    expect(deleted.after).toBeUndefined();
  });

  it('that takes commits away is forced', () => {
    const { tellOfPush } = startModel();
    const reading = tellOfPush({
      onto: null,
      force: true,
      commits: [{ files: { 'a.md': 'a' } }],
    });
    expect(readPush(reading).isForced).toBe(true);
  });

  it('is incomplete with as many commits as GitHub tells of at the most', () => {
    const { tellOfPush } = startModel();
    const push = (count: number) =>
      readPush(
        tellOfPush({
          commits: Array.from({ length: count }, (_, index) => ({
            files: { 'counter.txt': `${count} ${index}` },
          })),
        }),
      );
    expect(push(2_047).isComplete).toBe(true);
    expect(push(2_048).isComplete).toBe(false);
    expect(push(2_100).isComplete).toBe(false);
  });

  it('is incomplete with more paths than are kept, of which those of changed files are kept first', () => {
    const { tellOfPush } = startModel();
    const push = (count: number) =>
      readPush(
        tellOfPush({
          commits: [
            {
              files: {
                ...Object.fromEntries(
                  Array.from({ length: count - 1 }, (_, index) => [
                    `${count}/${index}.md`,
                    'x',
                  ]),
                ),
                'catalog-info.yaml': `kind: System # ${count}`,
              },
            },
          ],
        }),
      );
    expect(push(300)).toMatchObject({ isComplete: true });
    const large = push(301);
    expect(large.isComplete).toBe(false);
    expect(large.paths).toHaveLength(300);
    expect(large.paths[0]).toBe('catalog-info.yaml');
  });
});

describe('a push of paths of great length', () => {
  it('keeps as many of them as 32,000 characters are, and is incomplete', () => {
    const { tellOfPush } = startModel();
    const long = 'x'.repeat(1_000);
    const { paths, isComplete } = readPush(
      tellOfPush({
        commits: [
          {
            files: Object.fromEntries(
              Array.from({ length: 40 }, (_, index) => [
                `${index}/${long}`,
                'x',
              ]),
            ),
          },
        ],
      }),
    );
    expect(paths).toHaveLength(31);
    expect(isComplete).toBe(false);
  });
});

describe('an event of a repository', () => {
  it('is a hint, whatever was done', () => {
    const { model, repository, tell } = startModel();
    model.addOrganization('other');
    const { repositories } = model;
    const hint = {
      nodeId: repository.nodeId,
      owner: 'acme',
      fullName: 'acme/site',
      saysGone: false,
    };
    const operations: [() => unknown, Partial<Hint>][] = [
      [() => repositories.archive('acme/site'), {}],
      [() => repositories.unarchive('acme/site'), {}],
      [() => repositories.setVisibility('acme/site', 'private'), {}],
      [() => repositories.setVisibility('acme/site', 'public'), {}],
      [() => repositories.edit('acme/site', { topics: ['new'] }), {}],
      [
        () => repositories.rename('acme/site', 'Page'),
        { fullName: 'acme/Page' },
      ],
    ];
    for (const [operation, changes] of operations) {
      expect(tell(operation)).toEqual([
        {
          kind: 'hints',
          hints: [{ ...hint, updatedAtMs: expect.any(Number), ...changes }],
        },
      ]);
    }
    const [created] = tell(() =>
      repositories.create({ owner: 'acme', name: 'new' }),
    );
    expect(listHints(created)).toMatchObject([
      { fullName: 'acme/new', saysGone: false },
    ]);
  });

  it('that is deleted says so', () => {
    const { model, repository, tell } = startModel();
    expect(tell(() => model.repositories.delete('acme/site'))).toEqual([
      {
        kind: 'hints',
        hints: [
          {
            nodeId: repository.nodeId,
            owner: 'acme',
            fullName: 'acme/site',
            saysGone: true,
            isDeleted: true,
            updatedAtMs: expect.any(Number),
          },
        ],
      },
    ]);
  });

  it('that is transferred is of its new owner', () => {
    const [transferred] = listActions('github.repository', 'transferred');
    expect(
      listHints(readEvent('github.repository', transferred, follow())),
    ).toMatchObject([{ owner: 'Octocoders', saysGone: false }]);
  });

  it.each([
    [{ description: 'New' }, 'description'],
    [{ homepage: 'https://example.com' }, 'homepage'],
    [
      { description: 'New', homepage: 'https://example.com' },
      'description and homepage',
    ],
  ])('is passed over when only %j was edited', (edits, names) => {
    const { model, tell } = startModel();
    expect(tell(() => model.repositories.edit('acme/site', edits))).toEqual([
      {
        kind: 'passed over',
        reason: `only ${names} changed, of which the catalog knows nothing`,
        fullName: 'acme/site',
      },
    ]);
  });

  it('is a hint when the default branch was edited as well, or it is not told what was', () => {
    const { model, tell, tellOfPush } = startModel();
    tellOfPush({ branch: 'trunk', commits: [{ files: { 'a.md': 'a' } }] });
    const [reading] = tell(() =>
      model.repositories.edit('acme/site', {
        description: 'New',
        defaultBranch: 'trunk',
      }),
    );
    expect(reading.kind).toBe('hints');
    const [edited] = listActions('github.repository', 'edited');
    expect(
      readEvent(
        'github.repository',
        { ...edited, changes: undefined },
        follow(),
      ).kind,
    ).toBe('hints');
  });
});

describe('an event of an installation', () => {
  const read = (action: string, follower = follow()) =>
    listActions('github.installation', action).map(example =>
      readEvent('github.installation', example, follower),
    );
  const everybody = follow({ source: { kind: 'app', appId: 1 } });

  it('says that everybody is to be looked at again, and names what it has', () => {
    expect(read('created')).toContainEqual({
      kind: 'owners',
      app: 29310,
      hints: [
        {
          nodeId: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
          owner: 'Codertocat',
          fullName: 'Codertocat/Hello-World',
          saysGone: false,
        },
      ],
    });
    expect(read('new_permissions_accepted')).toMatchObject([
      { kind: 'owners', hints: [{ saysGone: false }] },
    ]);
  });

  it.each(['suspend', 'unsuspend'])('may name no repository (%s)', action => {
    expect(read(action)).toEqual([{ kind: 'owners', app: 29310, hints: [] }]);
  });

  it('says of the repositories that they are gone when the app is', () => {
    for (const reading of read('deleted', everybody)) {
      expect(reading).toMatchObject({
        kind: 'owners',
        hints: [{ fullName: 'octocat/Hello-World', saysGone: true }],
      });
    }
  });

  it('is passed over when it is of somebody who is not followed', () => {
    for (const reading of read('deleted')) {
      expect(reading).toEqual({
        kind: 'passed over',
        reason: 'octocat is not followed, only Codertocat',
      });
    }
  });

  it('is of an owner whichever case the name has', () => {
    const follower = follow({ source: { kind: 'owner', login: 'codertoCAT' } });
    expect(read('created', follower)[0].kind).toBe('owners');
  });

  it('names the repositories that it was given, and those that were taken from it', () => {
    const readings = listExamples('github.installation_repositories').map(
      example =>
        readEvent('github.installation_repositories', example, everybody),
    );
    expect(readings).toContainEqual({
      kind: 'hints',
      app: 29310,
      hints: [
        {
          nodeId: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDc=',
          owner: 'Codertocat',
          fullName: 'Codertocat/Space',
          saysGone: false,
        },
      ],
    });
    expect(readings).toContainEqual({
      kind: 'hints',
      app: 5725,
      hints: [
        {
          nodeId: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
          owner: 'octocat',
          fullName: 'octocat/Hello-World',
          saysGone: true,
        },
      ],
    });
  });
});
