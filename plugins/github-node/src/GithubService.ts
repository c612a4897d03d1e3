import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Config } from '@backstage/config';
import { ScmIntegrations } from '@backstage/integration';
import { z } from 'zod';
import { Asker } from './asking/Asker';
import { Budgets } from './budget';
import {
  AppCredentials,
  GithubHost,
  OwnerCredentials,
  type CredentialsSource,
} from './credentials';
import { GithubClient } from './GithubClient';
import { GithubError } from './GithubError';
import { GithubTelemetry } from './GithubTelemetry';

/**
 * Where an app is installed.
 *
 * @public
 */
export interface GithubInstallation {
  id: number;
  /** The login. */
  owner: string;
  ownerType: 'Organization' | 'User';
  isSuspended: boolean;
}

/**
 * Asks the GitHubs of `integrations.github`, with the credentials that are configured there. Whoever asks with the same
 * credentials shares one budget, so a process has one of these: take it from {@link githubServiceRef}.
 *
 * @public
 */
export class GithubService {
  readonly #integrations: ScmIntegrations;
  readonly #logger: LoggerService;
  readonly #budgets = new Budgets();
  readonly #telemetry = new GithubTelemetry(this.#budgets);
  readonly #hosts = new Map<string, GithubHost>();

  readonly #timeLimitMs: number;

  /**
   * @param options.config - of which `integrations.github` is read
   * @param options.timeLimitMs - for one answer, in milliseconds; 30 seconds unless given
   */
  constructor(options: {
    config: Config;
    logger: LoggerService;
    timeLimitMs?: number;
  }) {
    this.#integrations = ScmIntegrations.fromConfig(options.config);
    this.#logger = options.logger;
    this.#timeLimitMs = options.timeLimitMs ?? 30_000;
  }

  /**
   * Asks with what Backstage has for an organization or a user: an installation of an app, or else an app with
   * `publicAccess`, or else the token of the host. The latter two are used only if no app that is configured fails, and
   * none was installed there since this process started: they may not see what is private.
   *
   * @param options.host - such as `github.com`
   * @param options.owner - the login
   * @param options.appId - only the installation of this app, and nothing else
   * @param options.reserve - how much of a rate limit is left to others: nothing is asked while there is not more than
   *   that. 0 unless given
   *
   * @throws GithubError `refused` if the host or the app is not configured
   */
  forOwner(options: {
    host: string;
    owner: string;
    appId?: number;
    reserve?: number;
  }): GithubClient {
    const { owner, appId, reserve } = options;
    const host = this.#getHost(options.host);
    if (appId !== undefined) {
      findApp(host, appId);
    }
    return this.#createClient(
      host,
      new OwnerCredentials({ host, owner, appId, budgets: this.#budgets }),
      reserve,
    );
  }

  /**
   * Asks as an app itself, for what is below `/app`.
   *
   * @param options.reserve - as for `forOwner`. Tokens of installations are asked for on the same limit
   *
   * @throws GithubError `refused` if the host or the app is not configured
   */
  forApp(options: {
    host: string;
    appId: number;
    reserve?: number;
  }): GithubClient {
    const host = this.#getHost(options.host);
    return this.#createClient(
      host,
      new AppCredentials({
        host: host.name,
        app: findApp(host, options.appId),
        budgets: this.#budgets,
      }),
      options.reserve,
    );
  }

  /** The apps that are configured. */
  listApps(): { host: string; appId: number }[] {
    return this.#integrations.github
      .list()
      .flatMap(({ config: { host, apps = [] } }) =>
        apps.map(({ appId }) => ({ host, appId })),
      );
  }

  /**
   * Where an app is installed, by GitHub's own word; enterprises are left out.
   *
   * @throws GithubError
   */
  async listInstallations(options: {
    host: string;
    appId: number;
    signal?: AbortSignal;
  }): Promise<GithubInstallation[]> {
    const { host, appId, signal } = options;
    const client = this.forApp({ host, appId });
    const found: GithubInstallation[] = [];
    let path: string | undefined = '/app/installations?per_page=100';
    while (path !== undefined) {
      const page: { data: ListedInstallation[]; next: string | undefined } =
        await client.get({
          path,
          schema: z.array(installationSchema),
          signal,
        });
      found.push(...page.data.flatMap(readInstallation));
      path = page.next;
    }
    found.forEach(({ owner }) =>
      this.#getHost(host).noteInstalled(appId, owner),
    );
    return found;
  }

  /**
   * Asks GitHub itself, as an app, for its installation on the account of an organization or a user. Unlike a list that
   * was read a while ago, it tells an app that was uninstalled from one that cannot be asked for now.
   *
   * @see https://docs.github.com/en/rest/apps/apps#get-a-user-installation-for-the-authenticated-app
   *
   * @returns undefined only if GitHub itself answers 404: the app is not installed there, or there is no such account
   *
   * @throws GithubError
   */
  async findInstallation(options: {
    host: string;
    appId: number;
    /** The login. */
    owner: string;
    signal?: AbortSignal;
  }): Promise<GithubInstallation | undefined> {
    const { host, appId, owner, signal } = options;
    try {
      const { data } = await this.forApp({ host, appId }).get({
        path: `/users/${encodeURIComponent(owner)}/installation`,
        schema: installationSchema,
        signal,
      });
      const [found] = readInstallation(data);
      if (!found) {
        throw new GithubError(
          'malformed',
          `GitHub does not say whose the installation ${data.id} of the app ${appId} on ${host} is, which was to be that of ${owner}`,
        );
      }
      this.#getHost(host).noteInstalled(appId, found.owner);
      return found;
    } catch (error) {
      if (error instanceof GithubError && error.kind === 'missing') {
        return undefined;
      }
      throw error;
    }
  }

  #createClient(
    host: GithubHost,
    source: CredentialsSource,
    reserve: number = 0,
  ): GithubClient {
    return new GithubClient(
      new Asker({
        host,
        source,
        reserve,
        timeLimitMs: this.#timeLimitMs,
        telemetry: this.#telemetry,
        logger: this.#logger,
      }),
    );
  }

  #getHost(name: string): GithubHost {
    const known = this.#hosts.get(name);
    if (known) {
      return known;
    }
    const integration = this.#integrations.github.byHost(name);
    if (!integration) {
      throw new GithubError(
        'refused',
        `There is no GitHub ${name} in the configuration; add it to integrations.github`,
      );
    }
    const host = new GithubHost({
      integration: integration.config,
      budgets: this.#budgets,
      timeLimitMs: this.#timeLimitMs,
      logger: this.#logger,
    });
    this.#hosts.set(name, host);
    return host;
  }
}

/** @see https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app */
const installationSchema = z.object({
  id: z.number(),
  account: z
    .object({ login: z.string().optional(), type: z.string().optional() })
    .nullable(),
  suspended_at: z.string().nullish(),
});

type ListedInstallation = z.infer<typeof installationSchema>;

function readInstallation({
  id,
  account,
  suspended_at: suspendedAt,
}: ListedInstallation): GithubInstallation[] {
  const { login: owner, type } = account ?? {};
  return owner !== undefined && (type === 'Organization' || type === 'User')
    ? [{ id, owner, ownerType: type, isSuspended: Boolean(suspendedAt) }]
    : [];
}

function findApp({ name, integration }: GithubHost, appId: number) {
  const app = integration.apps?.find(each => each.appId === appId);
  if (!app) {
    throw new GithubError(
      'refused',
      `There is no app ${appId} of ${name} in the configuration; add it to integrations.github[].apps`,
    );
  }
  return app;
}
