import {
  createBackendFeatureLoader,
  type BackendFeature,
} from '@backstage/backend-plugin-api';

/**
 * Makes one feature of several, for `startTestBackend`.
 *
 * @remarks
 * `startTestBackend` adds an empty plugin for each module whose plugin it does not see, and it does not see a plugin
 * that a feature loader brings, as Callboard's does. A module of the plugin `events` must therefore come in one
 * bundle with it; otherwise the backend says that the plugin is registered twice.
 *
 * @example
 * ```ts
 * await startTestBackend({ features: [bundleFeatures(events, github)] });
 * ```
 *
 * @public
 */
export function bundleFeatures(...features: BackendFeature[]): BackendFeature {
  return createBackendFeatureLoader({ loader: () => features });
}
