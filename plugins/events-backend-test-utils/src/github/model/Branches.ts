import type { GithubState } from './GithubState';
import type { GithubMessage } from './payloads';
import {
  pushCommits,
  type GithubCommitInput,
  type GithubPush,
} from './pushCommits';
import type { GithubAccount, GithubDoer, GithubRepository } from './records';
import { noreplyAddress } from './renderAccount';
import { renderPush } from './renderPush';
import type { WebhookAnnouncer } from './WebhookAnnouncer';

/**
 * What people do with the branches of repositories, which are named by their full names. Each operation sends the
 * webhooks that GitHub sends.
 *
 * @public
 */
export class Branches {
  readonly #state: GithubState;
  readonly #announcer: WebhookAnnouncer;

  /** @internal */
  constructor(state: GithubState, announcer: WebhookAnnouncer) {
    this.#state = state;
    this.#announcer = announcer;
  }

  /**
   * Pushes commits to a branch, which is made if it is not there. What is up to date tells nobody.
   *
   * @param push.branch - the default branch unless given
   * @param push.commits - in their order; without any the branch is set to `onto`
   * @param push.onto - the branch or commit that the first one follows: the head of the branch unless given, for a new
   * branch that of the default branch; `null` begins a new history
   * @param push.force - needed to take commits away from the branch
   *
   * @throws if the repository is archived, or if GitHub would reject the push
   */
  push(
    fullName: string,
    push: {
      branch?: string;
      commits?: GithubCommitInput[];
      onto?: string | null;
      force?: boolean;
    } & GithubDoer,
  ): GithubPush {
    const repository = this.#state.getWritable(fullName);
    const { git, defaultBranch } = repository;
    const { branch = defaultBranch, force = false, commits = [] } = push;
    const { onto = git.branches.has(branch) ? branch : 'HEAD' } = push;
    const sender = this.#state.getSender(push.sender);
    const start =
      onto === null ? undefined : git.findCommit(onto, defaultBranch);
    if (!start && push.onto) {
      throw new Error(`${fullName} has no ${onto}`);
    }
    const isFirst = git.branches.size === 0;
    const done = pushCommits(git, {
      branch,
      onto: start,
      force,
      commits,
      author: { name: sender.name, email: noreplyAddress(sender) },
      nowMs: this.#state.now(),
    });
    if (done.before !== done.after?.oid) {
      // The first branch that comes to a repository becomes its default.
      const pushed = isFirst ? { defaultBranch: branch } : {};
      this.#finishPush({ ...repository, ...pushed }, sender, done);
    }
    return done;
  }

  /** @throws if it is the default branch, or not there */
  delete(
    fullName: string,
    branch: string,
    { sender }: GithubDoer = {},
  ): GithubPush {
    const repository = this.#state.getWritable(fullName);
    const { git, defaultBranch } = repository;
    const before = git.branches.get(branch);
    if (before === undefined || branch === defaultBranch) {
      throw new Error(`${fullName} has no branch ${branch} to delete`);
    }
    const done = {
      branch,
      before,
      after: undefined,
      commits: [],
      isForced: false,
    };
    this.#finishPush(repository, this.#state.getSender(sender), done);
    return done;
  }

  #finishPush(
    before: GithubRepository,
    sender: GithubAccount,
    push: GithubPush,
  ): void {
    const nowMs = this.#state.now();
    const repository = this.#state.putRepository({
      ...before,
      git: before.git.withBranch(push.branch, push.after?.oid),
      pushedMs: nowMs,
      ...(push.branch === before.defaultBranch && { updatedMs: nowMs }),
    });
    const ref = { ref: push.branch, ref_type: 'branch' as const };
    const parts = { state: this.#state, repository, sender };
    this.#announcer.announce(repository, sender, common => {
      const messages: GithubMessage[] = [];
      if (push.before === undefined) {
        messages.push({
          event: 'create',
          payload: {
            ...ref,
            master_branch: repository.defaultBranch,
            description: repository.description,
            pusher_type: 'user',
            ...common,
          },
        });
      } else if (push.after === undefined) {
        messages.push({
          event: 'delete',
          payload: { ...ref, pusher_type: 'user', ...common },
        });
      }
      messages.push({
        event: 'push',
        payload: renderPush(push, parts, common),
      });
      return messages;
    });
  }
}
