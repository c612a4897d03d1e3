import { createHash } from 'node:crypto';
import { RateBudget, type BudgetOwner } from './RateBudget';

/** The budgets of this process: one for each host and installation, app or token. */
export class Budgets {
  readonly #budgets = new Map<string, RateBudget>();

  /** Of an app itself, for what is below `/app`, tokens of installations included. */
  ofApp(host: string, app: number): RateBudget {
    return this.#get(`app ${app}`, { host, app });
  }

  /** @param owner - undefined if it is not known on whose account the app is installed */
  ofInstallation(
    host: string,
    app: number,
    owner: string | undefined,
  ): RateBudget {
    const account = owner?.toLowerCase();
    return this.#get(`app ${app} of ${account}`, { host, app, owner: account });
  }

  ofToken(host: string, token: string): RateBudget {
    const digest = createHash('sha256').update(token).digest('hex');
    return this.#get(`token ${digest}`, { host });
  }

  list(): RateBudget[] {
    return [...this.#budgets.values()];
  }

  #get(key: string, owner: BudgetOwner): RateBudget {
    const whole = `${owner.host} ${key}`;
    const known = this.#budgets.get(whole);
    if (known) {
      return known;
    }
    const budget = new RateBudget(owner);
    this.#budgets.set(whole, budget);
    return budget;
  }
}
