import type { LoggerService } from '@backstage/backend-plugin-api';
import type { GithubIntegrationConfig } from '@backstage/integration';
import { Octokit } from '@octokit/core';
import type { Budgets } from '../budget';
import { GithubError } from '../GithubError';
import { InstallationTokens } from './InstallationTokens';

/** A GitHub of the configuration: where it is, and as whom it can be asked. */
export class GithubHost {
  readonly name: string;
  /** Of the API, without a slash at the end. */
  readonly baseUrl: string;
  readonly octokit: Octokit;
  readonly integration: GithubIntegrationConfig;
  readonly installationTokens: readonly InstallationTokens[];

  /** @throws GithubError `refused` if it is not said where the API is */
  constructor(options: {
    integration: GithubIntegrationConfig;
    budgets: Budgets;
    timeLimitMs: number;
    logger: LoggerService;
  }) {
    const { integration, budgets, timeLimitMs, logger } = options;
    const { host, apiBaseUrl, apps = [] } = integration;
    if (apiBaseUrl === undefined) {
      throw new GithubError(
        'refused',
        `It is not configured where the API of ${host} is; set integrations.github[].apiBaseUrl, such as https://${host}/api/v3`,
      );
    }
    this.name = host;
    this.baseUrl = apiBaseUrl;
    this.integration = integration;
    this.octokit = new Octokit({
      baseUrl: apiBaseUrl,
      userAgent: 'callboard',
      // Where Octokit tells that a route is deprecated; the console otherwise.
      request: { log: { warn: (message: string) => logger.debug(message) } },
    });
    this.installationTokens = apps.map(
      app =>
        new InstallationTokens({
          integration,
          app,
          budget: budgets.ofApp(host, app.appId),
          timeLimitMs,
        }),
    );
  }

  /** Notes that an app is installed for an owner, by GitHub's own word. */
  noteInstalled(appId: number, owner: string): void {
    this.installationTokens
      .find(each => each.appId === appId)
      ?.noteInstalled(owner.toLowerCase());
  }

  /**
   * Whether an app is installed for an owner, or was at any time since this process started.
   *
   * @param owner - in lower case
   */
  wasInstalled(owner: string): boolean {
    return this.installationTokens.some(each => each.wasInstalled(owner));
  }

  /** Where it is queried: where `@octokit/graphql` finds it. */
  get graphqlUrl(): string {
    return /\/api\/v3$/.test(this.baseUrl)
      ? this.baseUrl.replace(/\/v3$/, '/graphql')
      : `${this.baseUrl}/graphql`;
  }
}
