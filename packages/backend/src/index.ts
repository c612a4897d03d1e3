import { createBackend } from '@backstage/backend-defaults';

const backend = createBackend();

backend.add(import('@backstage/plugin-app-backend'));
backend.add(import('@backstage/plugin-auth-backend'));
backend.add(import('@backstage/plugin-auth-backend-module-guest-provider'));
backend.add(import('@backstage/plugin-catalog-backend'));

backend.add(import('@callboard/backstage-plugin-events-backend'));
backend.add(import('@callboard/backstage-plugin-events-backend-module-github'));

backend.add(
  import('@callboard/backstage-plugin-catalog-backend-module-events'),
);
// Does nothing without catalog.providers.github.
backend.add(
  import('@callboard/backstage-plugin-catalog-backend-module-github'),
);

backend.add(import('./welcome'));

/** Settles when the portal has started, or cannot. */
export const started = backend.start();
