import type { GithubAppConfig } from '@backstage/integration';
import { createAppAuth } from '@octokit/auth-app';
import type { Budgets, RateBudget } from '../budget';
import { explainRefusal } from './explainRefusal';
import type { CredentialsSource, GithubCredentials } from './GithubCredentials';

/** What an app signs for itself, anew for each request: it lasts ten minutes. */
export class AppCredentials implements CredentialsSource {
  readonly description: string;
  readonly #app: GithubAppConfig;
  readonly #budget: RateBudget;

  constructor(options: {
    host: string;
    app: GithubAppConfig;
    budgets: Budgets;
  }) {
    const { host, app, budgets } = options;
    this.description = `the app ${app.appId} on ${host}`;
    this.#app = app;
    this.#budget = budgets.ofApp(host, app.appId);
  }

  async get(): Promise<GithubCredentials> {
    const { appId, privateKey } = this.#app;
    try {
      const auth = createAppAuth({
        appId,
        // An environment variable cannot hold lines; Backstage reads it so as well.
        privateKey: privateKey.replace(/\\n/g, '\n'),
      });
      const { token } = await auth({ type: 'app' });
      return { token, kind: 'app', budget: this.#budget };
    } catch (error) {
      throw explainRefusal(error, this.description, this.#budget);
    }
  }
}
