import type { Installation } from '@octokit/webhooks-types';
import type { GitStore } from './GitStore';

/**
 * An organization or a user.
 *
 * @public
 */
export interface GithubAccount {
  readonly type: 'Organization' | 'User';
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly createdMs: number;
}

/**
 * The events that this GitHub sends.
 *
 * @public
 */
export type GithubEventName =
  | 'create'
  | 'delete'
  | 'installation'
  | 'installation_repositories'
  | 'ping'
  | 'public'
  | 'push'
  | 'repository';

/**
 * What a hook can ask for; the others come to each that they are about.
 *
 * @public
 */
export type GithubHookEventName = Exclude<
  GithubEventName,
  'installation' | 'installation_repositories' | 'ping'
>;

/**
 * Where webhooks go.
 *
 * @public
 */
export interface GithubHook {
  readonly id: number;
  readonly targetType: 'integration' | 'organization' | 'repository';
  /** The number of the app, the organization or the repository. */
  readonly targetId: number;
  readonly url: string;
  readonly secret: string;
  /** `*` is all of them. */
  readonly events: readonly (GithubHookEventName | '*')[];
  readonly createdMs: number;
}

/** @public */
export interface GithubApp {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly clientId: string;
  /** In PEM; what the tokens of the app are verified with. */
  readonly publicKey: string;
  readonly hook: GithubHook | undefined;
  /** What it is subscribed to. Events of installations come to every app. */
  readonly events: readonly Installation['events'][number][];
  readonly permissions: Readonly<
    Partial<Record<keyof Installation['permissions'], 'read' | 'write'>>
  >;
  readonly createdMs: number;
}

/** @public */
export interface GithubInstallation {
  readonly id: number;
  readonly appId: number;
  readonly accountId: number;
  readonly selection: 'all' | 'selected';
  /** Numbers of repositories; empty unless some are selected. */
  readonly repositoryIds: ReadonlySet<number>;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly suspended:
    | { readonly byId: number; readonly atMs: number }
    | undefined;
}

/** @public */
export type GithubVisibility = 'public' | 'private' | 'internal';

/**
 * A repository at one moment: a change makes another record with the same id.
 *
 * @public
 */
export interface GithubRepository {
  /** Stays over renames and transfers. */
  readonly id: number;
  /** By which GraphQL knows it; stays as well. */
  readonly nodeId: string;
  readonly ownerId: number;
  readonly name: string;
  readonly description: string | null;
  readonly homepage: string | null;
  readonly topics: readonly string[];
  readonly isArchived: boolean;
  readonly isFork: boolean;
  readonly visibility: GithubVisibility;
  readonly defaultBranch: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly pushedMs: number;
  readonly git: GitStore;
}

/**
 * Who does it, by login; `ghost` unless given.
 *
 * @public
 */
export interface GithubDoer {
  sender?: string;
}
