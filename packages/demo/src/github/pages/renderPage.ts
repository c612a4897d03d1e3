import type {
  GitBlob,
  GitCommit,
  GithubRepository,
  GithubState,
  GitTree,
} from '@callboard/backstage-plugin-events-backend-test-utils/github';
import { html, type Html } from './html';

/** How many commits the page of a repository shows. */
const mostCommits = 10;

/**
 * Renders what people see: repositories, and what is in their files. The addresses are those of GitHub.
 *
 * @param path - of the address, such as `/acme/web-shop/blob/main/README.md`
 */
export function renderPage(
  state: GithubState,
  path: string,
): { status: number; html: string } {
  const [login, name, view, revision, ...file] = path
    .split('/')
    .filter(part => part !== '')
    .map(decode);
  const content =
    name === undefined
      ? renderRepositories(state, login)
      : renderRepository(state, `${login}/${name}`, {
          view,
          revision,
          path: file.join('/'),
        });
  return content
    ? { status: 200, html: renderFrame(path, content) }
    : {
        status: 404,
        html: renderFrame(path, html`<p>There is nothing here.</p>`),
      };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function renderFrame(title: string, content: Html): string {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <style>
          body {
            font: 16px/1.5 system-ui, sans-serif;
            margin: 2rem auto;
            max-width: 60rem;
            padding: 0 1rem;
          }
          pre {
            background: #f4f4f4;
            overflow: auto;
            padding: 1rem;
          }
        </style>
      </head>
      <body>
        <p><a href="/">The GitHub of the demo</a>, on this machine</p>
        ${content}
      </body>
    </html> `.text;
}

function renderRepositories(
  state: GithubState,
  login: string | undefined,
): Html | undefined {
  const owner = login === undefined ? undefined : state.findAccount(login);
  if (login !== undefined && !owner) {
    return undefined;
  }
  const items = state.listRepositories(owner?.id).map(repository => {
    const fullName = state.fullNameOf(repository);
    return html`<li>
      <a href="${link(fullName)}">${fullName}</a> ${repository.description ??
      ''}
    </li>`;
  });
  return html`<h1>${owner?.name ?? 'Repositories'}</h1>
    <ul>
      ${items}
    </ul>`;
}

function renderRepository(
  state: GithubState,
  name: string,
  place: { view: string | undefined; revision?: string; path: string },
): Html | undefined {
  const repository = state.findRepository(name) ?? state.findRenamed(name);
  const { git, defaultBranch } = repository ?? {};
  const { view, revision = 'HEAD', path } = place;
  const commit = git?.findCommit(revision, defaultBranch ?? '');
  if (!repository || !git || !commit) {
    return undefined;
  }
  const fullName = state.fullNameOf(repository);
  const entry =
    path === ''
      ? commit.tree
      : git.findObject(`${commit.oid}:${path}`, repository.defaultBranch);
  if (entry?.type !== 'blob' && entry?.type !== 'tree') {
    return undefined;
  }
  const prefix = link(fullName, 'blob', revision, path);
  return html`<h1><a href="${link(fullName)}">${fullName}</a></h1>
    <p>${describe(repository)}</p>
    ${path === '' ? '' : html`<h2>${path}</h2>`}
    ${entry.type === 'blob' ? renderFile(entry) : renderFolder(prefix, entry)}
    ${view === undefined
      ? renderHistory(fullName, git.listCommits(undefined, commit.oid))
      : ''}`;
}

function describe({ description, isArchived }: GithubRepository): string {
  return `${isArchived ? 'Archived. ' : ''}${description ?? ''}`;
}

function renderFile({ content }: GitBlob): Html {
  return html`<pre>${content.toString()}</pre>`;
}

function renderFolder(prefix: string, { entries }: GitTree): Html {
  const items = [...entries.keys()].map(
    name =>
      html`<li>
        <a href="${prefix}/${encodeURIComponent(name)}">${name}</a>
      </li>`,
  );
  const readme = entries.get('README.md');
  return html`<ul>
      ${items}
    </ul>
    ${readme?.type === 'blob' ? renderFile(readme) : ''}`;
}

function renderHistory(fullName: string, commits: GitCommit[]): Html {
  const items = commits
    .slice(-mostCommits)
    .reverse()
    .map(
      ({ oid, message, author, seconds }) => html`<li>
        <a href="${link(fullName, 'tree', oid)}">${oid.slice(0, 7)}</a>
        ${message}, by ${author.name},
        ${new Date(seconds * 1_000).toISOString()}
      </li>`,
    );
  return html`<h2>Commits</h2>
    <ul>
      ${items}
    </ul>`;
}

/** The address of a page, from the path of a repository and what is within it. */
function link(fullName: string, ...parts: string[]): string {
  return ['', fullName, ...parts]
    .filter((part, index) => index === 0 || part !== '')
    .map(encodeURI)
    .join('/');
}
