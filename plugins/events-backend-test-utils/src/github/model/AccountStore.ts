import type { GitPerson } from './gitObjects';
import type { GithubAccount } from './records';
import { noreplyAddress } from './renderAccount';

/** Accounts, by their numbers, logins and addresses. Logins are compared without regard to case. */
export class AccountStore {
  readonly #accounts = new Map<number, GithubAccount>();
  readonly #byLogin = new Map<string, GithubAccount>();
  readonly #byAddress = new Map<string, GithubAccount>();

  /** @throws if the login is taken */
  add(account: GithubAccount): void {
    if (this.findByLogin(account.login)) {
      throw new Error(`The login ${account.login} is taken`);
    }
    this.#accounts.set(account.id, account);
    this.#byLogin.set(account.login.toLowerCase(), account);
    this.#byAddress.set(noreplyAddress(account), account);
  }

  find(id: number): GithubAccount | undefined {
    return this.#accounts.get(id);
  }

  findByLogin(login: string): GithubAccount | undefined {
    return this.#byLogin.get(login.toLowerCase());
  }

  findAuthor({ email }: GitPerson): GithubAccount | undefined {
    return this.#byAddress.get(email);
  }
}
