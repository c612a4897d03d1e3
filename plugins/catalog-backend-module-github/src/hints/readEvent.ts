import type { Minimatch } from 'minimatch';
import { z } from 'zod';
import type { ProviderSettings } from '../settings';
import {
  maxPathBytes,
  maxPaths,
  type Hint,
  type PushHint,
  type Reading,
} from './Hint';
import {
  installationPayload,
  installationRepositoriesPayload,
  payloadOfRepository,
  pushPayload,
  repositoryPayload,
  type PushPayload,
} from './payloads';

/** What decides what a provider makes of an event. */
export interface Follower {
  settings: Pick<ProviderSettings, 'host' | 'source' | 'branch'>;
  /** What the catalog path matches. */
  catalogFiles: Pick<Minimatch, 'match'>;
}

/**
 * GitHub tells of so many commits of one push at the most, and does not say whether there were more.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 */
const mostCommits = 2_048;

/** The topics that a provider subscribes to. */
export const hintTopics = [
  'github.push',
  'github.repository',
  'github.installation',
  'github.installation_repositories',
] as const;

/**
 * Reads the hints of an event: pure, for one provider.
 *
 * @param topic - one of {@link hintTopics}
 * @param payload - as GitHub sent it, of any shape
 */
export function readEvent(
  topic: string,
  payload: unknown,
  follower: Follower,
): Reading {
  const { settings } = follower;
  switch (topic) {
    case 'github.push':
      return withPayload(pushPayload, payload, settings, push => {
        const { repository, ref } = push;
        const { full_name: fullName, html_url: url } = repository;
        const followed = settings.branch ?? repository.default_branch;
        return (
          passOverHost(url, fullName, settings) ??
          (ref === `refs/heads/${followed}`
            ? hintsOf({
                ...readRepository(repository),
                saysGone: false,
                push: readPush(push, followed, follower),
              })
            : passOver(
                `it went to ${ref}, and the branch ${followed} is followed`,
                fullName,
              ))
        );
      });
    case 'github.repository':
      return withPayload(repositoryPayload, payload, settings, event => {
        const { repository, action, changes } = event;
        const { full_name: fullName, html_url: url } = repository;
        return (
          passOverHost(url, fullName, settings) ??
          (action === 'edited' && changes && !concernsCatalog(changes)
            ? passOver(
                `only ${Object.keys(changes).join(
                  ' and ',
                )} changed, of which the catalog knows nothing`,
                fullName,
              )
            : hintsOf({
                ...readRepository(repository),
                saysGone: action === 'deleted',
                ...(action === 'deleted' && { isDeleted: true }),
                ...(repository.updated_at && {
                  updatedAtMs: repository.updated_at,
                }),
              }))
        );
      });
    case 'github.installation':
      return withPayload(installationPayload, payload, settings, event => {
        const { installation, action, repositories = [] } = event;
        return readInstallation(
          installation,
          repositories,
          action === 'deleted' || action === 'suspend',
          settings,
        );
      });
    case 'github.installation_repositories':
      return withPayload(
        installationRepositoriesPayload,
        payload,
        settings,
        event => {
          const { repositories_added: added, repositories_removed: removed } =
            event;
          const { account, app_id: app } = event.installation;
          return (
            passOverHost(account.html_url, undefined, settings) ?? {
              kind: 'hints',
              app,
              hints: [
                ...added.map(each => nameHint(each, account.login, false)),
                ...removed.map(each => nameHint(each, account.login, true)),
              ],
            }
          );
        },
      );
    default:
      return passOver(`this provider reads nothing of ${topic}`);
  }
}

/**
 * Reads a payload. Of one in which something is odd, such as a path of great length, it is read what repository it is
 * about: GitHub can be asked.
 */
function withPayload<T>(
  schema: z.ZodType<T>,
  payload: unknown,
  settings: Follower['settings'],
  read: (payload: T) => Reading,
): Reading {
  const { success, data, error } = schema.safeParse(payload);
  if (success) {
    return read(data);
  }
  const about = payloadOfRepository.safeParse(payload);
  if (about.success) {
    const { repository } = about.data;
    return (
      passOverHost(repository.html_url, repository.full_name, settings) ??
      hintsOf({ ...readRepository(repository), saysGone: false })
    );
  }
  const [issue] = error.issues;
  return passOver(
    `the payload is not as GitHub makes it: ${issue.path.join('.')}: ${
      issue.message
    }`,
  );
}

function passOver(reason: string, fullName?: string): Reading {
  return { kind: 'passed over', reason, ...(fullName && { fullName }) };
}

function passOverHost(
  url: string,
  fullName: string | undefined,
  { host }: Follower['settings'],
): Reading | undefined {
  const sender = new URL(url).host;
  return sender === host
    ? undefined
    : passOver(`it is of ${sender}, and ${host} is followed`, fullName);
}

function hintsOf(hint: Hint): Reading {
  return { kind: 'hints', hints: [hint] };
}

function readRepository({
  node_id,
  full_name,
  owner,
}: PushPayload['repository']) {
  return { nodeId: node_id, fullName: full_name, owner: owner.login };
}

function nameHint(
  { node_id, full_name }: { node_id: string; full_name: string },
  owner: string,
  saysGone: boolean,
): Hint {
  return { nodeId: node_id, fullName: full_name, owner, saysGone };
}

/** Description and homepage are all that an edit can change besides. */
function concernsCatalog(changes: Record<string, unknown>): boolean {
  return Object.keys(changes).some(
    name => name !== 'description' && name !== 'homepage',
  );
}

function readInstallation(
  {
    account,
    app_id: app,
  }: { account: { login: string; html_url: string }; app_id?: number },
  repositories: { node_id: string; full_name: string }[],
  saysGone: boolean,
  settings: Follower['settings'],
): Reading {
  const { login, html_url: url } = account;
  return (
    passOverHost(url, undefined, settings) ??
    (settings.source.kind === 'owner' &&
    settings.source.login.toLowerCase() !== login.toLowerCase()
      ? passOver(`${login} is not followed, only ${settings.source.login}`)
      : {
          kind: 'owners',
          app,
          hints: repositories.map(each => nameHint(each, login, saysGone)),
        })
  );
}

function readPush(
  push: PushPayload,
  branch: string,
  { catalogFiles }: Follower,
): PushHint {
  const { commits, repository } = push;
  const listPaths = (kind: 'added' | 'removed' | 'modified') =>
    commits.flatMap(commit => commit[kind] ?? []);
  const added = listPaths('added');
  const removed = listPaths('removed');
  const modified = listPaths('modified');
  const touched = [...new Set([...modified, ...added, ...removed])];
  const paths = keepPaths(touched);
  const isCatalogFile = (path: string) => catalogFiles.match(path);
  // A push without commits sets the branch to one that was there, or tells not all.
  const isWhole = commits.at(-1)?.id === push.after;
  return {
    branch,
    ...(!push.created && { before: push.before }),
    ...(!push.deleted && { after: push.after }),
    isForced: push.forced,
    isComplete:
      isWhole &&
      commits.length < mostCommits &&
      paths.length === touched.length,
    addsOrRemoves: [...added, ...removed].some(isCatalogFile),
    modifies: modified.some(isCatalogFile),
    paths,
    pushedAtMs: repository.pushed_at ?? 0,
  };
}

/** The first of them, as many as are kept. */
function keepPaths(paths: readonly string[]): string[] {
  let left = maxPathBytes;
  return paths.slice(0, maxPaths).filter(path => {
    left -= Buffer.byteLength(JSON.stringify(path));
    return left >= 0;
  });
}
