import type { SchedulerServiceTaskScheduleDefinitionConfig } from '@backstage/backend-plugin-api';
import type { HumanDuration } from '@backstage/types';

/** One provider. Settings are those of the stock module, and mean the same, unless they say otherwise. */
interface GithubProvider {
  /** The host of GitHub, which must have an entry in `integrations.github`. Default: `github.com`. */
  host?: string;
  /** The organization or user whose repositories are followed. Needed unless `app` is there. */
  organization?: string;
  /**
   * The id of a GitHub App of `integrations.github[].apps[]`: the repositories of everybody who has installed it are
   * followed, of those in its `allowedInstallationOwners` if that is set. Needed unless `organization` is there. Unlike in
   * the stock module, users are among them.
   */
  app?: number;
  /**
   * Where the file of the catalog is in a repository. With `*` and `**` it stands for several files; then the repository is
   * one location, and all its files are read again when one has changed. Default: `/catalog-info.yaml`.
   */
  catalogPath?: string;
  /**
   * Whether a repository is told of only if it has the file and the file is not empty. Cannot be true with wildcards.
   * Whether a push has emptied the file is looked at within six hours. Default: false.
   */
  validateLocationsExist?: boolean;
  /** Which repositories are taken. Default: those that are not archived. */
  filters?: {
    /** A regular expression for the whole name of the repository. */
    repository?: string;
    /** The branch that is followed. May have no slash. Default: the default branch of each repository. */
    branch?: string;
    /** Default: true. */
    allowForks?: boolean;
    /** Whether archived repositories stay in the catalog. Default: false. */
    allowArchived?: boolean;
    topic?: {
      /** A repository must have one of these topics. */
      include?: string[];
      /** A repository must have none of these topics. Counts more than `include`. */
      exclude?: string[];
    };
    /** Default: all of them. */
    visibility?: Array<'private' | 'internal' | 'public'>;
  };
  /**
   * When GitHub is scanned for what webhooks did not tell. Recommended with webhooks: a frequency of one day. Default: a
   * frequency of 3 hours, a timeout of 1 hour.
   */
  schedule?: Partial<SchedulerServiceTaskScheduleDefinitionConfig>;
  /**
   * How old the last full scan may be before a scan lists all repositories; the scans in between list those that were pushed
   * to or changed since the one before, as long as the number of repositories is as expected. Default: 1 day.
   */
  fullScanFrequency?: string | HumanDuration;
  pageSizes?: {
    /**
     * How many repositories GitHub is asked for at once, from 1 to 100. While it cannot answer in time, it is asked for
     * fewer. Default: 100.
     */
    repositories?: number;
  };
}

export interface Config {
  catalog?: {
    providers?: {
      /** The repositories of GitHub that the catalog follows: one provider, or several by their ids. */
      github?: GithubProvider | { [id: string]: GithubProvider };
    };
  };
}
