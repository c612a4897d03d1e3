import type { SchedulerServiceTaskScheduleDefinition } from '@backstage/backend-plugin-api';

/** @see https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories#about-repository-visibility */
export type Visibility = 'public' | 'private' | 'internal';

/** Which repositories a provider takes. What is not given takes all. */
export interface RepositoryFilters {
  /** Matches the whole name of the repository, without its owner. */
  repository: RegExp | undefined;
  allowForks: boolean;
  allowArchived: boolean;
  visibility: readonly Visibility[] | undefined;
  /** One of these must be there, if there are any. */
  topicInclude: readonly string[] | undefined;
  /** None of these may be there. */
  topicExclude: readonly string[] | undefined;
}

/** One provider of `catalog.providers.github`. */
export interface ProviderSettings {
  /** `github-provider:<id>`: the name of the provider in the catalog, as the stock one has it. */
  name: string;
  /** Of GitHub, such as `github.com`. */
  host: string;
  /** Whose repositories: those of one organization or user, or of whoever has installed an app. */
  source:
    | { kind: 'owner'; login: string }
    | {
        kind: 'app';
        appId: number;
        /** In lower case, for whom the app is to be used; everybody may install a public app. Unless given, for all. */
        allowedOwners?: readonly string[];
      };
  /** Without a slash at the beginning; may have wildcards. */
  catalogPath: string;
  hasWildcards: boolean;
  /** The branch that is followed; that which is the default of the repository unless given. */
  branch: string | undefined;
  filters: RepositoryFilters;
  /** Whether a location is told of only when its file is there and not empty. */
  validateLocationsExist: boolean;
  schedule: SchedulerServiceTaskScheduleDefinition;
  /** How old a complete listing may be before a scan makes another one, in milliseconds. */
  fullScanEveryMs: number;
  /** How many repositories are asked for at once. */
  pageSize: number;
}
