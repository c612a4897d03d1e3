import {
  readSchedulerServiceTaskScheduleDefinitionFromConfig,
  type SchedulerServiceTaskScheduleDefinition,
} from '@backstage/backend-plugin-api';
import {
  ConfigReader,
  readDurationFromConfig,
  type Config,
} from '@backstage/config';
import { stringifyError } from '@backstage/errors';
import { ScmIntegrations } from '@backstage/integration';
import { durationToMilliseconds, type JsonObject } from '@backstage/types';
import { z } from 'zod';
import type { ProviderSettings } from './ProviderSettings';

const key = 'catalog.providers.github';

/** As the stock provider has it. */
const defaultSchedule: JsonObject = {
  frequency: { hours: 3 },
  timeout: { hours: 1 },
};
const dayMs = 86_400_000;
/** GitHub takes no larger page. */
const largestPage = 100;

/**
 * Reads `catalog.providers.github`, which is one provider or several by their ids.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readProviderSettings(config: Config): ProviderSettings[] {
  const integrations = ScmIntegrations.fromConfig(config).github;
  return listProviders(config).map(each => readProvider(each, integrations));
}

/** What is below `catalog.providers.github` of one provider. */
export interface ProviderConfig {
  id: string;
  /** The whole key of it. */
  path: string;
  config: Config;
}

/** Finds the providers of `catalog.providers.github`. */
export function listProviders(config: Config): ProviderConfig[] {
  const providers = config.getOptionalConfig(key);
  if (!providers) {
    return [];
  }
  const isOne =
    providers.has('organization') ||
    providers.has('app') ||
    // It names neither of them, and is to be told so.
    typeof providers.getOptional('host') === 'string';
  if (isOne) {
    return [{ id: 'default', path: key, config: providers }];
  }
  return providers.keys().map(id => ({
    id,
    path: `${key}.${id}`,
    config: providers.getConfig(id),
  }));
}

function readProvider(
  { id, path, config }: ProviderConfig,
  integrations: ScmIntegrations['github'],
): ProviderSettings {
  const invalid = (setting: string, problem: string) =>
    new Error(`Invalid configuration: ${path}.${setting} ${problem}`);
  const login = config.getOptionalString('organization');
  const appId = config.getOptionalNumber('app');
  if (login === undefined && appId === undefined) {
    throw invalid('organization', 'is missing: set it, or the id of an app');
  }
  const catalogPath = (
    config.getOptionalString('catalogPath') ?? '/catalog-info.yaml'
  ).replace(/^\//, '');
  if (catalogPath === '' || catalogPath.length > 1_000) {
    throw invalid('catalogPath', 'must be a path of up to 1,000 characters');
  }
  const hasWildcards = catalogPath.includes('*');
  if (catalogPath.split('/').some(isCostly)) {
    throw invalid(
      'catalogPath',
      `may have two stars in a part of the path at the most, got '${catalogPath}'`,
    );
  }
  const validateLocationsExist =
    config.getOptionalBoolean('validateLocationsExist') ?? false;
  if (validateLocationsExist && hasWildcards) {
    throw invalid(
      'validateLocationsExist',
      `cannot be true while catalogPath has wildcards ('${catalogPath}')`,
    );
  }
  const branch = config.getOptionalString('filters.branch') || undefined;
  if (branch?.includes('/')) {
    throw invalid('filters.branch', 'may have no slash');
  }
  const pageSize =
    config.getOptionalNumber('pageSizes.repositories') ?? largestPage;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > largestPage) {
    throw invalid(
      'pageSizes.repositories',
      `must be a whole number from 1 to ${largestPage}`,
    );
  }
  const visibility = z
    .array(
      z
        .string()
        .toLowerCase()
        .pipe(z.enum(['public', 'private', 'internal'])),
    )
    .optional()
    .safeParse(config.getOptionalStringArray('filters.visibility'));
  if (!visibility.success) {
    throw invalid(
      'filters.visibility',
      'may have public, private and internal only',
    );
  }
  const host = config.getOptionalString('host') ?? 'github.com';
  const app = integrations
    .byHost(host)
    ?.config.apps?.find(each => each.appId === appId);
  return {
    name: `github-provider:${id}`,
    host,
    source:
      login === undefined
        ? {
            kind: 'app',
            appId: Number(appId),
            allowedOwners: app?.allowedInstallationOwners?.map(owner =>
              owner.toLowerCase(),
            ),
          }
        : { kind: 'owner', login },
    catalogPath,
    hasWildcards,
    branch,
    filters: {
      repository: readPattern(
        config.getOptionalString('filters.repository'),
        problem => invalid('filters.repository', problem),
      ),
      allowForks: config.getOptionalBoolean('filters.allowForks') ?? true,
      allowArchived:
        config.getOptionalBoolean('filters.allowArchived') ?? false,
      visibility: visibility.data?.length ? visibility.data : undefined,
      topicInclude: config.getOptionalStringArray('filters.topic.include'),
      topicExclude: config.getOptionalStringArray('filters.topic.exclude'),
    },
    validateLocationsExist,
    schedule: readSchedule(config.getOptionalConfig('schedule'), invalid),
    fullScanEveryMs: config.has('fullScanFrequency')
      ? readDurationMs(config, 'fullScanFrequency', problem =>
          invalid('fullScanFrequency', problem),
        )
      : dayMs,
    pageSize,
  };
}

/** What is not set has a default, unlike in Backstage. */
function readSchedule(
  config: Config | undefined,
  invalid: (setting: string, problem: string) => Error,
): SchedulerServiceTaskScheduleDefinition {
  const settings = { ...defaultSchedule, ...config?.get<JsonObject>() };
  let schedule: SchedulerServiceTaskScheduleDefinition;
  try {
    schedule = readSchedulerServiceTaskScheduleDefinitionFromConfig(
      new ConfigReader(settings),
    );
  } catch (error) {
    throw invalid('schedule', `is none: ${stringifyError(error)}`);
  }
  const { frequency } = schedule;
  if (
    !('cron' in frequency || 'trigger' in frequency) &&
    durationToMilliseconds(frequency) <= 0
  ) {
    throw invalid('schedule.frequency', 'must be longer than nothing');
  }
  return schedule;
}

/** Backstage names the setting without what it is part of. */
function readDurationMs(
  config: Config,
  setting: string,
  invalid: (problem: string) => Error,
): number {
  try {
    return durationToMilliseconds(
      readDurationFromConfig(config, { key: setting }),
    );
  } catch (error) {
    throw invalid(`is no duration: ${error}`);
  }
}

/** What has many stars takes matching a hostile name minutes; whoever may push chooses the names. */
function isCostly(segment: string): boolean {
  return segment !== '**' && segment.split('*').length > 3;
}

/** A pattern is for the whole name, as the stock provider has it. */
function readPattern(
  pattern: string | undefined,
  invalid: (problem: string) => Error,
): RegExp | undefined {
  if (!pattern) {
    return undefined;
  }
  const start = pattern.startsWith('^') ? '' : '^';
  const end = pattern.endsWith('$') ? '' : '$';
  try {
    return new RegExp(`${start}${pattern}${end}`);
  } catch (error) {
    throw invalid(`is no regular expression: ${error}`);
  }
}
