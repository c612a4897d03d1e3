import { askGithub } from '../askGithub';
import { makeNodeId } from '../model/nodeIds';
import { startGithub, stopGithub } from '../startGithub';

afterEach(stopGithub);

/** A repository with three commits, two of which changed `docs`. */
async function startWithHistory() {
  const { branches, repository, origin } = await startGithub();
  const push = (message: string, files: Record<string, string>) =>
    branches.push('acme/site', {
      sender: 'hubot',
      commits: [{ message, files }],
    });
  push('Second', { 'docs/c.md': '1' });
  const { after } = push('Third\n\nWith a body', { other: '1' });
  const query = async (text: string) => {
    const { body } = await askGithub(`${origin}/api/graphql`, {
      method: 'POST',
      token: 'personal',
      body: { query: text },
    });
    return body;
  };
  const ask = (selection: string) =>
    query(`{ repository(owner: "acme", name: "site") { ${selection} } }`);
  return { repository, branches, push, head: after?.oid, query, ask };
}

const messages = (...list: string[]) => ({
  nodes: list.map(messageHeadline => ({ messageHeadline })),
});

describe('GraphQL of git', () => {
  it('goes back in history, also of one path, and keeps its place when commits follow', async () => {
    const { push, ask } = await startWithHistory();
    const history = (args: string) =>
      `object(expression: "HEAD") { ... on Commit {
        history(${args}) { nodes { messageHeadline } pageInfo { endCursor } totalCount }
      } }`;
    const answer = (expected: object) => ({
      data: { repository: { object: { history: expected } } },
    });

    const first = await ask(history('first: 1'));
    expect(first).toMatchObject(answer(messages('Third')));
    const after = /"endCursor":"([^"]+)"/.exec(JSON.stringify(first))?.[1];
    push('Fourth', { other: '2' });
    expect(await ask(history(`first: 5, after: "${after}"`))).toMatchObject(
      answer(messages('Second', 'Initial commit')),
    );
    expect(await ask(history('first: 5, path: "docs"'))).toMatchObject(
      answer({ ...messages('Second', 'Initial commit'), totalCount: 2 }),
    );
  });

  it('shows commits with their authors, parents and files', async () => {
    const { head, ask } = await startWithHistory();

    expect(
      await ask(
        `object(oid: "${head}") { oid abbreviatedOid ... on Commit {
          messageBody author { name user { login } }
          parents(first: 1) { nodes { messageHeadline } }
          file(path: "docs/c.md") { name path type mode object { ... on Blob { text } } }
        } }`,
      ),
    ).toMatchObject({
      data: {
        repository: {
          object: {
            oid: head,
            abbreviatedOid: head?.slice(0, 7),
            messageBody: 'With a body',
            author: { name: 'Hubot', user: { login: 'hubot' } },
            parents: messages('Second'),
            file: {
              name: 'c.md',
              path: 'docs/c.md',
              type: 'blob',
              mode: 33188,
              object: { text: '1' },
            },
          },
        },
      },
    });
  });

  it('names branches with and without what they begin with', async () => {
    const { branches, head, ask } = await startWithHistory();
    branches.push('acme/site', { branch: 'feature/x' });
    const target = { target: { oid: head } };

    expect(
      await ask(
        `long: ref(qualifiedName: "refs/heads/feature/x") { name prefix target { oid } }
         short: ref(qualifiedName: "main") { target { oid } }
         missing: ref(qualifiedName: "missing") { name }
         refs(first: 5, refPrefix: "refs/heads/") { nodes { name } }`,
      ),
    ).toMatchObject({
      data: {
        repository: {
          long: { name: 'feature/x', prefix: 'refs/heads/', ...target },
          short: target,
          missing: null,
          refs: { nodes: [{ name: 'feature/x' }, { name: 'main' }] },
        },
      },
    });
  });

  it('finds what it showed by node ids', async () => {
    const { repository, head, query } = await startWithHistory();

    for (const id of [
      makeNodeId('Commit', repository.id, head),
      makeNodeId('Ref', repository.id, 'refs/heads/main'),
    ]) {
      expect(await query(`{ node(id: "${id}") { id } }`)).toMatchObject({
        data: { node: { id } },
      });
    }
    const gone = makeNodeId('Ref', repository.id, 'refs/heads/gone');
    expect(await query(`{ node(id: "${gone}") { id } }`)).toMatchObject({
      data: { node: null },
      errors: [{ type: 'NOT_FOUND', path: ['node'] }],
    });
  });
});
